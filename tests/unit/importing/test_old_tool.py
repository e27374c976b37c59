"""Whether the bash tool runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from octeth_backupd.errors import BusyError
from octeth_backupd.importing.old_tool import require_old_tool_at_rest

if TYPE_CHECKING:
    from pathlib import Path

BIN = "/opt/octeth-backup-tools/bin"


@pytest.mark.parametrize(
    "arguments",
    [
        ("/bin/bash", f"{BIN}/octeth-backup.sh"),
        ("bash", f"{BIN}/octeth-restore.sh", "-y"),
        (f"{BIN}/octeth-cleanup.sh",),
    ],
)
def test_script_that_runs_is_waited_for(arguments: tuple[str, ...]) -> None:
    with pytest.raises(BusyError, match="pid 77"):
        require_old_tool_at_rest(None, processes=[(77, arguments)])


def test_shell_that_holds_the_lock_file_is_waited_for_and_the_file_stays(tmp_path: Path) -> None:
    lock = tmp_path / "octeth-backup.lock"
    lock.write_text("77\n")

    with pytest.raises(BusyError, match="pid 77"):
        require_old_tool_at_rest(lock, processes=[(77, ("/bin/bash", "/renamed.sh"))])

    assert lock.read_text() == "77\n"


@pytest.mark.parametrize(
    "processes",
    [
        [],
        [(77, ("/usr/sbin/nginx",))],
        [(78, ("/bin/bash", f"{BIN}/octeth-ch-backup.sh"))],
        [(78, ("vi", "x", f"{BIN}/octeth-backup.sh.bak"))],
    ],
)
def test_other_processes_do_not_matter(tmp_path: Path, processes: list[tuple[int, tuple[str, ...]]]) -> None:
    lock = tmp_path / "octeth-backup.lock"
    lock.write_text("77\n")

    require_old_tool_at_rest(lock, processes=processes)

    assert lock.read_text() == "77\n"


def test_this_host_can_be_asked(tmp_path: Path) -> None:
    require_old_tool_at_rest(tmp_path / "none")

    assert not (tmp_path / "none").exists()
