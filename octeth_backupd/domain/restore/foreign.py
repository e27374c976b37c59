"""Whether the data that a restore would replace is another server's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from octeth_backupd.domain.server import ServerIdentity, Vendor

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from octeth_backupd.domain.manifest import Manifest
    from octeth_backupd.domain.restore.site import Site

_SHOWN = 3


def is_foreign(
    site: Site, manifest: Manifest | None, succession: Sequence[ServerIdentity], installation_id: str
) -> str:
    """Return why the present data is not known to be the backup's server's; empty when it is, or nobody's.

    MySQL's data carries a uuid. MariaDB's does not: there the system tablespace must be the file that was seen before,
    or lie where this installation backed up a server with some of the same schemas. The latter also judges MySQL data
    whose ``auto.cnf`` is lost.

    Args:
        site: Where the restore goes.
        manifest: Of the backup, or of another backup of the same server; None where there is none.
        succession: The identities that the backup's server is known to have had.
        installation_id: This installation's.
    """
    if not site.user_schemas:
        return ""
    present = site.identity
    known = [*succession, *(() if manifest is None else (_of_manifest(manifest),))]
    shown = _shown(site.user_schemas)
    if site.vendor is not Vendor.MARIADB and present is not None and present.server_uuid:
        if present.server_uuid in {identity.server_uuid for identity in known}:
            return ""
        return f"the data there ({shown}) carries the server uuid {present.server_uuid}, which is not this server's"
    if present is not None and present.data_inode:
        for identity in known:
            if identity.data_inode == present.data_inode and identity.vendor is site.vendor:
                return ""
    if manifest is not None and _is_same_place(site, manifest, installation_id):
        return ""
    return f"nothing says that the data there ({shown}) is this server's"


def _of_manifest(manifest: Manifest) -> ServerIdentity:
    entry = manifest.server.identity
    return ServerIdentity(
        vendor=entry.vendor,
        server_uuid=entry.server_uuid,
        server_id=entry.server_id,
        hostname=entry.hostname,
        data_device=entry.data_device,
        data_inode=entry.data_inode,
    )


def _is_same_place(site: Site, manifest: Manifest, installation_id: str) -> bool:
    return (
        manifest.installation_id == installation_id
        and manifest.server.host_paths.get("data") == str(site.data_directory)
        and not set(manifest.server.schemas).isdisjoint(site.user_schemas)
    )


def _shown(schemas: Iterable[str]) -> str:
    names = list(schemas)
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return f"schemas {', '.join(names[:_SHOWN])}{more}" if len(names) > 1 else f"schema {names[0]}"
