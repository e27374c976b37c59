"""Another program holds the catalog: what the daemon could not write is written later."""

from __future__ import annotations

import os
import signal
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from tests.environment.daemon import Daemon

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.long
def test_a_reload_during_which_the_catalog_was_locked_takes_up_its_schedules_later(tmp_path: Path) -> None:
    tables = {name: {"socket": str(tmp_path / name), "password": "unused"} for name in ("one", "two")}
    with Daemon(
        directory=tmp_path / "daemon",
        servers={"one": tables["one"]},
        sections={"schedules": {"daily": "0 3 * * *"}},
    ) as daemon:
        with closing(sqlite3.connect(daemon.state_directory / "catalog.sqlite", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            daemon.servers = tables
            daemon.write_config()
            assert daemon.process is not None
            os.kill(daemon.process.pid, signal.SIGHUP)
            daemon.wait_for("configuration.schedules_wait", timeout_seconds=60)
            (warning,) = daemon.api("/v1/status")["warnings"]

        daemon.wait_for("configuration.schedules_taken_up", timeout_seconds=90)

        assert "its schedules are not yet" in warning
        assert daemon.api("/v1/status")["warnings"] == []
        assert {view["server"] for view in daemon.api("/v1/schedules")["schedules"]} == {"one", "two"}
