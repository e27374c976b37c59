"""Whether a server can start on a backup's data: vendor, version, and settings that the files are bound to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from octeth_backupd.domain.restore.plan import Refusal
from octeth_backupd.domain.server import Vendor, Version, parse_version

if TYPE_CHECKING:
    from collections.abc import Mapping

    from octeth_backupd.domain.manifest import Manifest
    from octeth_backupd.domain.restore.site import Site

_FIRST_WITH_PATCH_DOWNGRADE = (8, 4)
_BOUND = {
    "lower_case_table_names": "MySQL refuses to start with another value than its data dictionary was made with.",
    "innodb_page_size": "InnoDB cannot open files of another page size.",
}
"""Settings that must be as they were when the data was made, with the reason."""
_UNKNOWN = frozenset({"", "********"})


def misfits(site: Site, manifest: Manifest) -> tuple[Refusal, ...]:
    """Return why the server cannot start on the backup's data; empty: nothing speaks against it.

    Source:
        MySQL 8.4 manual, 3.4 "Downgrading MySQL": none between series, nor between releases of 8.0; within 8.4 and
        later, yes. MariaDB: "Downgrading between major versions is not supported".
    """
    backup = manifest.server
    if is_mariadb(site.vendor) != is_mariadb(backup.vendor):
        return (
            Refusal(
                code="vendor_mismatch",
                message=f"the backup is of {named(backup.vendor)} {backup.version}, "
                f"the server is {named(site.vendor)} {site.version}",
                hint=f"Restore it into a {named(backup.vendor)} server, or lay its files down with --to DIRECTORY.",
            ),
        )
    found = []
    theirs = parse_version(backup.version)
    if _is_too_new(theirs, site.version, mariadb=is_mariadb(site.vendor)):
        found.append(
            Refusal(
                code="newer_version",
                message=f"the backup is of {named(backup.vendor)} {theirs}, newer than the server's {site.version}: "
                "a server cannot read the data of a newer one",
                hint=f"Upgrade the server to {theirs} or later of the same series, then restore.",
            )
        )
    found.extend(_bound_settings(site.variables, backup.variables, backup.vendor))
    return tuple(found)


def cautions(site: Site, manifest: Manifest) -> tuple[str, ...]:
    """Return what the operator should know about the versions before saying yes."""
    theirs = parse_version(manifest.server.version)
    words = []
    if is_mariadb(site.vendor) == is_mariadb(manifest.server.vendor) and site.vendor is not manifest.server.vendor:
        words.append(
            f"The backup is of {named(manifest.server.vendor)}, the server is {named(site.vendor)}: features that "
            "only one of them has will not work."
        )
    if site.version.series > theirs.series:
        after = " Run mariadb-upgrade afterwards." if is_mariadb(site.vendor) else ""
        words.append(
            f"The server's version {site.version} is newer than the backup's {theirs}: it upgrades the data when it "
            f"starts, and the upgraded data cannot go back.{after}"
        )
    elif theirs > site.version and theirs.series == site.version.series:
        words.append(f"The backup's version {theirs} is newer than the server's {site.version}, of the same series.")
    return tuple(words)


def is_mariadb(vendor: Vendor) -> bool:
    """Return whether a vendor's files are MariaDB's; Percona's are MySQL's."""
    return vendor is Vendor.MARIADB


def named(vendor: Vendor) -> str:
    """Return a vendor's product as people call it."""
    return {Vendor.MYSQL: "MySQL", Vendor.PERCONA: "Percona Server", Vendor.MARIADB: "MariaDB"}[vendor]


def _is_too_new(theirs: Version, present: Version, *, mariadb: bool) -> bool:
    if theirs.series != present.series:
        return theirs.series > present.series
    return theirs > present and not mariadb and present.series < _FIRST_WITH_PATCH_DOWNGRADE


def _bound_settings(present: Mapping[str, str], backup: Mapping[str, str], vendor: Vendor) -> list[Refusal]:
    found = []
    for name, reason in _BOUND.items():
        here, there = present.get(name, ""), backup.get(name, "")
        if here in _UNKNOWN or there in _UNKNOWN or here == there:
            continue
        if name == "lower_case_table_names" and is_mariadb(vendor):
            continue
        found.append(
            Refusal(
                code="different_settings",
                message=f"the server has {name} = {here}, the backup was made with {there}",
                hint=f"Start the server with {name} = {there}. {reason}",
            )
        )
    return found
