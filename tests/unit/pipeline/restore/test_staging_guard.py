"""A staging does not fill the server's disk."""

from __future__ import annotations

from typing import TYPE_CHECKING

from octeth_backupd.pipeline.restore.staging_guard import staging_guard

if TYPE_CHECKING:
    from tests.fakes.bench import Bench


def test_it_is_silent_while_there_is_room(bench: Bench) -> None:
    bench.backup_settings["min_free"] = "1 KiB"

    assert staging_guard(bench.parts(), bench.directory)() is None


def test_it_speaks_before_min_free_is_used_up(bench: Bench) -> None:
    bench.backup_settings["min_free"] = "9000 TiB"

    reason = staging_guard(bench.parts(), bench.directory)()

    assert reason is not None
    assert "min_free is 9000.0 TiB" in reason
    assert str(bench.directory) in reason
