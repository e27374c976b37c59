"""Whole restores of real servers: back to the backup, back again, and nothing left behind."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.environment.availability import require_mysql_image
from tests.environment.restoring import restoring

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Literal


@pytest.mark.parametrize("binlogs_apart", [False, True], ids=["binlogs in the data directory", "binlogs apart"])
@pytest.mark.parametrize("vendor", ["mariadb", "mysql"])
def test_a_restore_brings_the_backup_back_and_an_undo_what_was_there(
    tmp_path: Path,
    vendor: Literal["mariadb", "mysql"],
    binlogs_apart: bool,
) -> None:
    if vendor == "mysql":
        require_mysql_image()
    with restoring(tmp_path, vendor=vendor, binlogs_apart=binlogs_apart) as bench:
        backup = bench.back_up()
        at_backup = bench.contents()
        bench.change(1)
        before = bench.contents()
        policy = bench.server.container.attrs["HostConfig"]["RestartPolicy"]

        bench.restore(backup)

        assert bench.contents() == at_backup
        if bench.is_mysql:
            position = bench.daemon.ctl("show", backup, "--json").json["backup"]["manifest"]["position"]
            assert bench.server.sql("SHOW BINARY LOGS")[0][0] == position["binlog_file"]
            assert bool(list(bench.server.data_directory.glob("binlog.*"))) is not binlogs_apart
        [journal] = bench.journals()
        assert journal["state"] == "committed"
        bench.server.container.reload()
        assert bench.server.container.attrs["HostConfig"]["RestartPolicy"] == policy

        bench.undo()

        assert bench.contents() == before
        bench.restore(backup)
        bench.restore(backup)
        assert bench.contents() == at_backup
        assert bench.back_up() != backup
