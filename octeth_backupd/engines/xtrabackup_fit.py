"""Which XtraBackup fits which server."""

from __future__ import annotations

from typing import TYPE_CHECKING

from octeth_backupd.domain.checks import CheckResult, CheckStatus
from octeth_backupd.domain.engine_packages import xtrabackup_for
from octeth_backupd.domain.server import Vendor, Version

if TYPE_CHECKING:
    from octeth_backupd.domain.server import ServerFacts
    from octeth_backupd.engines.base import EngineVersion

CHECK_NAME = "engine_version"
_SERIES_WIDE_SINCE = Version(major=8, minor=0, patch=34)


def xtrabackup_fit(version: EngineVersion, facts: ServerFacts) -> CheckResult:
    """Answer whether an XtraBackup can back up a server: its series must be the server's.

    Until 8.0.33 it also had to be at least as new as the server; since 8.0.34 it takes any 8.0.

    Source:
        Percona XtraBackup manual, "Server version and backup version comparison"; percona-xtrabackup pull request 1476.
    """
    tool, server = version.version, facts.version
    names = f"XtraBackup {tool}, server {facts.version_text}"
    if facts.vendor is Vendor.MARIADB:
        return CheckResult(
            name=CHECK_NAME,
            status=CheckStatus.FAILED,
            summary=f"XtraBackup cannot back up MariaDB: {names}",
            cause="MariaDB's files have not been MySQL's for many releases.",
            fix='Set [backup] engine = "auto" and install mariadb-backup of the server\'s version.',
            command=f"apt-get install 'mariadb-backup=1:{server.major}.{server.minor}.*'",
        )
    if tool.series != server.series:
        age = "old" if tool.series < server.series else "new"
        return _failed(f"XtraBackup is too {age} for this server: {names}", server)
    if tool.series == (8, 0) and tool < _SERIES_WIDE_SINCE and server > tool:
        return _failed(f"XtraBackup is too old for this server: {names}", server)
    return CheckResult(name=CHECK_NAME, status=CheckStatus.PASSED, summary=names)


def _failed(summary: str, server: Version) -> CheckResult:
    product = xtrabackup_for(server)
    if product is None:
        return CheckResult(
            name=CHECK_NAME,
            status=CheckStatus.FAILED,
            summary=summary,
            cause="An XtraBackup reads the redo log of its own series only.",
            fix=f"Install a Percona XtraBackup {server.major}.{server.minor}, if Percona has released one; "
            "else run the server in a long-term series (8.0 or 8.4).",
        )
    return CheckResult(
        name=CHECK_NAME,
        status=CheckStatus.FAILED,
        summary=summary,
        cause="An XtraBackup reads the redo log of its own series only.",
        fix=f"Install {product.package} from Percona's repository.",
        command=f"percona-release enable {product.repository} release\n"
        f"apt-get update\napt-get install {product.package}",
    )
