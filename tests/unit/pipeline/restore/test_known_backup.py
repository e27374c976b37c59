"""What earlier backups remember of a server."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from octeth_backupd.catalog.store import Catalog
from octeth_backupd.pipeline.restore.known_backup import manifest_of, newest_manifest
from tests.fakes.catalog_values import StandingClock, make_backup
from tests.fakes.manifests import make_manifest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Catalog]:
    opened = Catalog.open(tmp_path / "catalog.sqlite", clock=StandingClock())
    yield opened
    opened.close()


def test_an_empty_catalog_remembers_nothing(catalog: Catalog) -> None:
    assert newest_manifest(catalog, "oempro") is None


def test_the_newest_good_backups_manifest_is_remembered(catalog: Catalog) -> None:
    manifest = make_manifest()
    catalog.add_backup(make_backup(manifest=manifest.to_mapping()))

    assert newest_manifest(catalog, "oempro") == manifest
    assert newest_manifest(catalog, "other") is None


def test_a_backup_that_was_adopted_without_manifest_has_none() -> None:
    assert manifest_of(make_backup(manifest={})) is None
