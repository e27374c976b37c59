"""What about a server's place keeps a restore from being safe, whatever is restored."""

from __future__ import annotations

from typing import TYPE_CHECKING

from octeth_backupd.domain.paths import mounts_beneath, normalised
from octeth_backupd.domain.restore.container_recipe import docker_run
from octeth_backupd.domain.restore.plan import Refusal
from octeth_backupd.domain.server import Placement

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path, PurePosixPath

    from octeth_backupd.domain.manifest import Manifest
    from octeth_backupd.domain.restore.site import Site
    from octeth_backupd.domain.server import Mount

_PARTS_OF_DATA = {
    "redo": ("redo log", "innodb_log_group_home_dir"),
    "undo": ("undo tablespaces", "innodb_undo_directory"),
    "innodb_home": ("system tablespace", "innodb_data_home_dir"),
}


def site_refusals(
    site: Site,
    *,
    mounts: Iterable[Mount],
    paused: bool,
    read_only: Iterable[Path],
    mounted_volumes: Mapping[Path, str],
    outranking_file: Path | None = None,
) -> tuple[Refusal, ...]:
    """Return what stands in the way.

    Args:
        site: Where the restore goes.
        mounts: Of the server's container.
        paused: The container is frozen.
        read_only: Directories to be swapped whose file system is mounted read-only.
        mounted_volumes: Volumes that hold their files only while the container runs, with where these really are.
        outranking_file: File of the server's unit, in a place where no mask of the unit has an effect.
    """
    found = [*_separate(site), *_mounted(site, tuple(mounts)), *_only_while_it_runs(site, mounted_volumes)]
    found += [
        Refusal(
            code="read_only_file_system",
            message=f"the file system of {path} is mounted read-only",
            hint="Under the shipped unit it is until a drop-in names its parent in ReadWritePaths=; examples are in "
            "/usr/share/doc/octeth-backupd/examples/. Where the mount itself is read-only, the kernel's log has the "
            "reason (dmesg).",
        )
        for path in read_only
    ]
    if paused and site.container is not None:
        found.append(
            Refusal(
                code="container_paused",
                message=f"container {site.container.name} is paused: its server cannot be asked to stop",
                hint=f"Run: docker unpause {site.container.name}",
            )
        )
    if outranking_file is not None:
        found.append(_not_maskable(site.systemd_unit, outranking_file))
    return tuple(found)


def not_controllable(server: str) -> Refusal:
    """Return that a server can only be talked to."""
    return Refusal(
        code="not_controllable",
        message=f"server {server} is known by its address only: it cannot be stopped and started from here",
        hint="Lay the prepared files down with --to DIRECTORY and put them in place yourself, or set container or "
        f"systemd_unit in [servers.{server}].",
    )


def container_absent(server: str, container: str, manifest: Manifest | None) -> Refusal:
    """Return that the container does not exist, with the command that makes it again where a manifest knows it."""
    message = f"container {container} of server {server} does not exist"
    if manifest is None or manifest.server.placement.kind is not Placement.CONTAINER:
        hint = (
            f"Make the container again as it was, under the name {container}, then restore; or lay the "
            "files down with --to DIRECTORY. No manifest is at hand that says how it was made."
        )
        return Refusal(code="container_absent", message=message, hint=hint)
    hint = (
        "Make the container again, wait until its server has started, then restore. From the manifest (published "
        "ports, networks, environment and restart policy are not in it: add them as they were):\n"
        f"{docker_run(manifest.server)}"
    )
    return Refusal(code="container_absent", message=message, hint=hint)


def unit_absent(server: str, unit: str) -> Refusal:
    """Return that systemd does not have the server's unit: whatever answers is another server."""
    return Refusal(
        code="unit_absent",
        message=f"the unit {unit} of server {server} does not exist",
        hint=f"Install it again, or correct systemd_unit in [servers.{server}]; or lay the files down with --to "
        "DIRECTORY.",
    )


def not_in_unit(server: str, unit: str, other: str) -> Refusal:
    """Return that the server which answers is not the one that would be stopped.

    Args:
        server: Its name in the configuration.
        unit: The configured one.
        other: The one of the server that answers; empty where nobody can tell.
    """
    where = f", but in {other}" if other else ", which does not run"
    return Refusal(
        code="not_in_unit",
        message=f"the server that answers is not in {unit}{where}",
        hint=f"Correct systemd_unit in [servers.{server}], or set the socket of the server that is meant; or stop the "
        "server that answers.",
    )


def unknown_server(server: str) -> Refusal:
    """Return that nobody knows vendor and version."""
    return Refusal(
        code="unknown_server",
        message=f"nothing says which server {server} is: it does not answer, its program does not tell its "
        "version, and no backup of it is known",
        hint="Start the server, or lay the files down with --to DIRECTORY.",
    )


def not_on_host(path: PurePosixPath) -> Refusal:
    """Return that the data directory is out of this host's reach."""
    return Refusal(
        code="data_not_on_host",
        message=f"the server's data directory {path} is in no mount of its container: this host cannot reach it",
        hint="Make the container again with a directory or volume mounted there; what lies in a container's own "
        "layer is lost with it.",
    )


def _not_maskable(unit: str, file: Path) -> Refusal:
    return Refusal(
        code="unit_not_maskable",
        message=f"the file of {unit} is {file}, which no mask outranks: nothing would keep the server from starting on "
        "data that is being exchanged",
        hint="Move it to /usr/local/lib/systemd/system, then run: systemctl daemon-reload && "
        f"systemctl reenable {unit}",
    )


def _separate(site: Site) -> Iterator[Refusal]:
    data = normalised(site.server_paths["data"])
    for role, (what, variable) in _PARTS_OF_DATA.items():
        path = site.server_paths.get(role)
        if path is not None and not normalised(path).is_relative_to(data):
            yield Refusal(
                code="separate_directories",
                message=f"the server keeps its {what} in {path}, outside the data directory {data}",
                hint=f"A restore would have to swap both at once, which is not supported. Remove {variable} from the "
                "server's configuration, or lay the files down with --to DIRECTORY.",
            )
    if site.log_bin and "binlog" in site.server_paths and "binlog" not in site.host_paths:
        yield Refusal(
            code="separate_directories",
            message=f"the server keeps its binary logs in {site.server_paths['binlog']}, which is in no mount of its "
            "container: they could not be swapped along with the data",
            hint="Mount a directory of the host there, or keep them in the data directory.",
        )


def _mounted(site: Site, mounts: tuple[Mount, ...]) -> Iterator[Refusal]:
    data = normalised(site.server_paths["data"])
    binlog = site.server_paths.get("binlog")
    for mount in mounts_beneath(data, mounts):
        if binlog is not None and normalised(mount.destination) == normalised(binlog):
            continue
        yield Refusal(
            code="separate_directories",
            message=f"the container has {mount.source} mounted within the data directory, at {mount.destination}",
            hint="A restore swaps the data directory as a whole. Mount it elsewhere, or lay the files down with "
            "--to DIRECTORY.",
        )
    own = next((mount for mount in mounts if normalised(mount.destination) == data), None)
    if own is not None and own.read_only:
        yield Refusal(
            code="read_only_file_system",
            message=f"the container has its data directory {data} mounted read-only",
            hint="Make the container again with the directory mounted for writing.",
        )


def _only_while_it_runs(site: Site, volumes: Mapping[Path, str]) -> Iterator[Refusal]:
    """Refuse a place that is another one while the server is stopped: what is put there is hidden by its start."""
    for role, path in (("data", site.data_directory), ("binlog", site.binlog_directory)):
        source = next((source for source in volumes if path is not None and path.is_relative_to(source)), None)
        if path is None or source is None:
            continue
        yield Refusal(
            code="volume_mounted_at_start",
            message=f"{path} is in a volume that Docker mounts there ({volumes[source]}) only while the container runs",
            hint="What is put there while it is stopped would be hidden by its start. Where the volume is a directory "
            f"of this host, set {role}_directory to that directory in [servers.{site.server}]; otherwise lay the files "
            "down with --to DIRECTORY.",
        )
