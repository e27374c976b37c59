"""No directory that ever held workspaces is forgotten."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from octeth_backupd.daemon.workspace_directories import remember_workspaces

if TYPE_CHECKING:
    from tests.fakes.bench import Bench


def test_every_directory_is_remembered_once(bench: Bench) -> None:
    first, second = Path("/var/backups/.workspace"), Path("/scratch")

    assert remember_workspaces(bench.catalog, first) == (first,)
    assert remember_workspaces(bench.catalog, second) == (second, first)
    assert remember_workspaces(bench.catalog, first) == (second, first)
