"""Which package brings a program."""

from __future__ import annotations

from pathlib import PurePath

_PACKAGES = {
    "tar": "tar",
    "pigz": "pigz",
    "lz4": "lz4",
    "mariadb-backup": "mariadb-backup",
    "mariabackup": "mariadb-backup",
    "mbstream": "mariadb-backup",
}
_XTRABACKUP_PROGRAMS = frozenset({"xtrabackup", "xbstream"})


def install_hint(program: str) -> str:
    """Return a full sentence that says how to install a program that is not there."""
    name = PurePath(program).name
    if name in _XTRABACKUP_PROGRAMS:
        return (
            "Install the Percona XtraBackup of the server's own series from Percona's repository: "
            "percona-xtrabackup-80 for MySQL 8.0, percona-xtrabackup-84 for MySQL 8.4."
        )
    if name in _PACKAGES:
        return f"Install it: apt-get install {_PACKAGES[name]}."
    return f"Install the program {name}, or correct its path in the configuration."
