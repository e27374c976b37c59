"""What stands in the way of a restore that only the daemon's own records, or other containers, can tell."""

from __future__ import annotations

from typing import TYPE_CHECKING

from octeth_backupd.domain.overlaps import places_around, places_inside
from octeth_backupd.domain.restore.foreign import is_foreign
from octeth_backupd.domain.restore.plan import Refusal
from octeth_backupd.errors import BackupdError
from octeth_backupd.pipeline.restore.known_backup import newest_manifest
from octeth_backupd.pipeline.restore.unreadable import unreadable_refusals
from octeth_backupd.servers.power.registry import power_for

if TYPE_CHECKING:
    from octeth_backupd.domain.manifest import Manifest
    from octeth_backupd.domain.restore.site import Site
    from octeth_backupd.pipeline.parts import Parts


def unresolved_restore(parts: Parts, server: str, *, run_id: str) -> tuple[Refusal, ...]:
    """Return that an earlier restore of the server is not over, or that nobody can tell."""
    unreadable = unreadable_refusals(parts, server)
    journal = parts.journals.open_of(server)
    if journal is None or journal.restore_id == run_id:
        return unreadable
    return (
        *unreadable,
        Refusal(
            code="unresolved_restore",
            message=f"{journal.operation} {journal.restore_id} of this server is not over: it is {journal.state}",
            hint="It goes on by itself once what it waits for is there; octeth-backupctl status shows it. What to do "
            f"by hand is in {parts.journals.path(journal.restore_id)}.",
        ),
    )


def foreign_reason(parts: Parts, site: Site, manifest: Manifest | None, *, installation_id: str) -> str:
    """Return why the present data is not known to be the backup's server's; empty when it is.

    A backup of this installation brings along what the catalog knows of its server; one from elsewhere only itself.

    Args:
        parts: The configuration's object graph.
        site: Where the restore goes.
        manifest: Of the backup; None for an archive without: it is taken for one of the server that it goes to.
        installation_id: This installation's.
    """
    if manifest is not None and manifest.installation_id != installation_id:
        return is_foreign(site, manifest, (), installation_id)
    name = manifest.server.name if manifest is not None else site.server
    succession = [identity for identity, _, _ in parts.catalog.server_identities(name)]
    reason = is_foreign(site, manifest, succession, installation_id)
    newest = newest_manifest(parts.catalog, name) if reason else None
    return is_foreign(site, newest, succession, installation_id) if newest is not None else reason


def backups_in_data(parts: Parts, site: Site) -> tuple[Refusal, ...]:
    """Return that the swap of the data would move backups, or what a restore works with, along with it."""
    backups, workspace = parts.backup_directory.resolve(), parts.workspace_directory.resolve()
    data = {"data": site.data_directory.resolve()}
    places = {
        "backup directory": backups,
        "workspace directory": workspace,
        "state directory": parts.journals.directory.parent.resolve(),
    }
    trees = {"directory of its backups": backups / site.server, "workspace directory": workspace}
    return tuple(
        Refusal(
            code="backups_in_data",
            message=f"{words}: it would be moved away with the old data, and deleted with it",
            hint="Set another directory in the configuration, and move there what is in the old one; or restore with "
            "--to into another directory.",
        )
        for words in (*places_inside(places, data), *places_around(trees, data))
    )


def other_containers(parts: Parts, site: Site) -> tuple[Refusal, ...]:
    """Return that other running containers could write into the files while they change places."""
    paths = [place for place in (site.data_directory, site.binlog_directory) if place is not None]
    try:
        power = power_for(
            parts.servers[site.server].settings,
            parts.docker,
            container_id=site.container.container_id if site.container else "",
            search_path=parts.search_path,
        )
        others = power.other_users(paths)
    except BackupdError as error:
        return (Refusal(code=error.code, message=error.message, hint=error.hint),)
    if not others:
        return ()
    return (
        Refusal(
            code="other_container",
            message=f"other containers have the server's files mounted for writing: {', '.join(others)}",
            hint=f"Stop them for the time of the restore: docker stop {' '.join(others)}",
        ),
    )
