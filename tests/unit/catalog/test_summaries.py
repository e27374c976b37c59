"""JSON rendered by SQLite is what ``domain.summary`` says of the same backups."""

from __future__ import annotations

import json
from datetime import timedelta
from itertools import product
from typing import TYPE_CHECKING

import pytest

from octeth_backupd.catalog.store import Catalog
from octeth_backupd.domain.backup import CopyState, Origin, Tier
from octeth_backupd.domain.summary import backup_summary
from octeth_backupd.errors import NotFoundError
from tests.fakes.catalog_values import START, StandingClock, make_backup

if TYPE_CHECKING:
    from pathlib import Path

DAY = timedelta(days=1)


def test_sql_and_domain_agree_on_every_combination_of_doubt_and_copies(tmp_path: Path) -> None:
    catalog = Catalog.open(tmp_path / "catalog.sqlite", clock=StandingClock())
    states = [None, *CopyState]
    for i, (local, s3, suspect) in enumerate(product(states, states, ["", 'size "odd" ü\n'])):
        copies = {name: state for name, state in (("s3", s3), ("local", local)) if state is not None}
        backup = make_backup(
            taken_at=START + i * DAY + timedelta(microseconds=999_999),
            copies=copies,
            suspect=suspect,
            origin=Origin.LEGACY if i % 3 else Origin.OWN,
            tiers=frozenset({Tier.MONTHLY, Tier.DAILY}),
            to_lsn=2**62,
        )
        catalog.add_backup(backup)
    for backup in catalog.backups(limit=200)[::7]:
        for copy in backup.copies[:1]:
            catalog.set_copy_state(backup.backup_id, copy.storage, copy.state, START, verified_at=START)

    pinned = {backup.backup_id for backup in catalog.backups(limit=200)[::5]}
    for backup_id in pinned:
        catalog.holdings.pin(backup_id, note="", by="uid 0", at=START)

    rendered = json.loads(catalog.backups_json())
    expected = [backup_summary(backup, pinned=backup.backup_id in pinned) for backup in catalog.backups(limit=200)]
    catalog.close()

    assert len(rendered) == 128
    assert rendered == expected
    assert [list(summary) for summary in rendered] == [list(summary) for summary in expected]


def test_empty_catalog_is_an_empty_array(catalog: Catalog) -> None:
    assert catalog.backups_json() == b"[]"


@pytest.mark.parametrize("server", [None, "oempro"])
@pytest.mark.parametrize("limit", [None, 1, 3, 100])
def test_pages_are_those_of_the_list(catalog: Catalog, server: str | None, limit: int | None) -> None:
    for i in range(6):
        catalog.add_backup(make_backup("oempro" if i % 2 else "other", START + (i // 2) * DAY))
    after = catalog.backups(limit=2)[-1].backup_id

    rendered = json.loads(catalog.backups_json(server=server, limit=limit, after=after))

    listed = catalog.backups(server=server, limit=limit or 100, after=after)
    assert [summary["id"] for summary in rendered] == [backup.backup_id for backup in listed]
    assert rendered


def test_page_after_a_backup_that_is_none_is_refused(catalog: Catalog) -> None:
    with pytest.raises(NotFoundError):
        catalog.backups_json(after="absent")
