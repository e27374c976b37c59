"""Which unit this process belongs to."""

from pathlib import Path

import pytest

from octeth_backupd.process.own_unit import own_unit


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("0::/system.slice/octeth-backupd.service\n", "octeth-backupd.service"),
        ("12:pids:/\n1:name=systemd:/system.slice/a.service\n0::/\n", "a.service"),
        ("0::/system.slice/octeth-backupd.service/payload\n", "octeth-backupd.service"),
        ("0::/user.slice/user-1000.slice/session-3.scope\n", ""),
        ("", ""),
    ],
)
def test_unit_is_the_name_of_the_service_among_the_groups(tmp_path: Path, text: str, unit: str) -> None:
    (tmp_path / "cgroup").write_text(text)

    assert own_unit(tmp_path / "cgroup") == unit


def test_without_control_groups_there_is_no_unit(tmp_path: Path) -> None:
    assert own_unit(tmp_path / "absent") == ""
