"""process.packages."""

from __future__ import annotations

import pytest

from octeth_backupd.process.packages import install_hint


@pytest.mark.parametrize(
    ("program", "expected"),
    [
        ("tar", "apt-get install tar"),
        ("/usr/bin/pigz", "apt-get install pigz"),
        ("mariadb-backup", "apt-get install mariadb-backup"),
        ("mbstream", "apt-get install mariadb-backup"),
        ("xtrabackup", "percona-xtrabackup-84"),
        ("xtrabackup", "percona-xtrabackup-80"),
        ("/opt/x/frobnicate", "frobnicate"),
    ],
)
def test_hint_names_the_package(program: str, expected: str) -> None:
    assert expected in install_hint(program)
