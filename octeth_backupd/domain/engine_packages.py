"""The packages and images that hold an engine for a server of this vendor and version.

Source:
    Percona XtraBackup 8.0 and 8.4 manuals, "Install"; the names of repositories in ``percona-release``.
    MariaDB's documentation, "mariadb-backup Overview", "Installing": packages; official images hold it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from octeth_backupd.domain.server import Version


@dataclass(frozen=True, slots=True, kw_only=True)
class XtraBackupProduct:
    """A Percona XtraBackup that has packages.

    Attributes:
        repository: What ``percona-release`` enables for it.
        package: Its name, for apt and dnf alike.
        image: At Docker Hub.
    """

    repository: str
    package: str
    image: str


_XTRABACKUPS = {
    (8, 0): XtraBackupProduct(
        repository="pxb-80", package="percona-xtrabackup-80", image="percona/percona-xtrabackup:8.0"
    ),
    (8, 4): XtraBackupProduct(
        repository="pxb-84-lts", package="percona-xtrabackup-84", image="percona/percona-xtrabackup:8.4"
    ),
}


def xtrabackup_for(server: Version) -> XtraBackupProduct | None:
    """Return the XtraBackup of a server's series; None where there is none, as for the innovation series."""
    return _XTRABACKUPS.get(server.series)


def mariadb_image(server: Version) -> str:
    """Return the official image of exactly this version, which holds its mariadb-backup."""
    return f"mariadb:{server}"
