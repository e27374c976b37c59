"""Plans and journals of restores as a daemon would answer them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path, PurePosixPath
from typing import Any

from octeth_backupd.domain.restore.journal import Journal
from octeth_backupd.domain.restore.machine import State
from octeth_backupd.domain.restore.plan import ArchiveFormat, ArchiveSource, Refusal, RestorePlan, SpaceLine
from octeth_backupd.domain.restore.site import DataState, Fact, Owner, Site, Source
from octeth_backupd.domain.restore.swap import Swap, SwapMethod, binlog_pattern, room_name
from octeth_backupd.domain.server import ContainerFacts, Placement, Vendor, Version

NOW = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)
GIB = 1024**3
RUN_ID = "20261122t090000-restore-1a2b"

FOREIGN = Refusal(
    code="foreign_data",
    message="the data in /srv/oempro/mysql is not known to be this server's: server_uuid 9c1d… is not among those of "
    "oempro",
    hint="Look which server it belongs to before you replace it.",
    flag="--force-foreign",
)
ABSENT = Refusal(
    code="container_absent",
    message="there is no container oempro_mysql",
    hint="Create it, without starting it, and plan again:\n"
    "docker create --name oempro_mysql --restart always \\\n"
    "  -v /srv/oempro/mysql:/var/lib/mysql -e MYSQL_ROOT_PASSWORD=SECRET mysql:9",
)


def make_swaps(root: Path = Path("/srv/oempro")) -> tuple[Swap, ...]:
    """Build the swaps of a server whose binary logs are elsewhere."""
    return (
        Swap(
            role="data",
            live=root / "mysql",
            room=root / room_name(RUN_ID),
            method=SwapMethod.EXCHANGE,
        ),
        Swap(
            role="binlog",
            live=root / "binlog",
            room=root / "binlog" / room_name(RUN_ID),
            method=SwapMethod.ENTRIES,
            pattern=binlog_pattern("binlog"),
        ),
    )


def make_site(**changes: Any) -> Site:
    """Build the place of a server that runs in a container."""
    container = ContainerFacts(
        container_id="c0ffee",
        name="oempro_mysql",
        image="mysql:9",
        image_id="sha256:1234",
        image_digest="",
        status="running",
        paused=False,
        restarting=False,
        started_at="2026-11-20T00:00:00Z",
        network_mode="bridge",
        mounts=(),
        addresses=(),
        command=("mysqld", "--loose-secret=hunter2"),
        restart_policy="always",
    )
    site = Site(
        server="oempro",
        placement=Placement.CONTAINER,
        container=container,
        vendor=Vendor.MYSQL,
        version=Version(major=9, minor=7, patch=4),
        variables={"init_connect": "SET @password = 'hunter2'"},
        command=container.command,
        server_paths={"data": PurePosixPath("/var/lib/mysql"), "binlog": PurePosixPath("/var/log/mysql/binlog")},
        host_paths={"data": Path("/srv/oempro/mysql"), "binlog": Path("/srv/oempro/binlog")},
        log_bin=True,
        owner=Owner(user_id=999, group_id=999),
        is_running=True,
        is_answering=True,
        data_state=DataState.PRESENT,
        user_schemas=("oempro",),
    )
    return replace(site, **changes)


def make_plan(**changes: Any) -> RestorePlan:
    """Build a plan that holds."""
    plan = RestorePlan(
        server="oempro",
        backup_id="oempro-2026-11-22_02-00-00",
        taken_at=NOW,
        archive=ArchiveSource(
            storage="local",
            key="oempro/weekly/octeth-backup-2026-11-22_02-00-00.tar.zst",
            place="/var/backups/octeth/oempro/weekly/octeth-backup-2026-11-22_02-00-00.tar.zst",
            name="octeth-backup-2026-11-22_02-00-00.tar.zst",
            archive_format=ArchiveFormat.TAR,
            size_bytes=GIB,
            sha256="ab" * 32,
            sha256_from="manifest",
            unpacked_bytes=5 * GIB,
            reason="the only copy that was read back",
        ),
        site=make_site(),
        facts=(
            Fact(name="data directory", value="/srv/oempro/mysql", source=Source.SQL),
            Fact(name="binary logs", value="/srv/oempro/binlog", source=Source.SQL),
            Fact(name="owner", value="999:999", source=Source.FILES),
            Fact(name="container", value="oempro_mysql, running, restart policy always", source=Source.CONTAINER),
        ),
        swaps=make_swaps(),
        staging=(Path("/srv/oempro") / room_name(RUN_ID),),
        spaces=(
            SpaceLine(
                path=Path("/srv/oempro"),
                purpose="unpacked backup beside the present data",
                needed_bytes=5 * GIB,
                reserve_bytes=GIB,
                free_bytes=40 * GIB,
            ),
        ),
        prepare="not needed: the backup is prepared",
        carried_over=("mysqld-auto.cnf", "ca.pem", "server-key.pem"),
        exchange="a trial exchange of two empty directories in /srv/oempro worked",
        rehearsal="mysqld 9.7.4 of the image mysql:9 is started on the staged data, isolated",
        accounts="as of 2026-11-22 02:00:00 UTC, settled by the rehearsal",
        downtime="the container's own stop and start",
        old_data="kept for 72 hours as a safety copy; octeth-backupctl undo brings it back",
    )
    return replace(plan, **changes)


def make_journal(**changes: Any) -> Journal:
    """Build the journal of a restore that has succeeded and whose safety copy is there."""
    journal = Journal(
        restore_id=RUN_ID,
        installation_id="installation-1",
        server="oempro",
        backup_id="oempro-2026-11-22_02-00-00",
        container="oempro_mysql",
        container_id="c0ffee",
        swaps=make_swaps(),
        state=State.COMMITTED,
        was_running=True,
        was_answering=True,
        has_swapped=True,
        requested_by="uid 0 (root)",
        aside_bytes=5 * GIB,
        created_at=NOW,
        expires_at=NOW + timedelta(hours=72),
        history=((State.STAGING, NOW), (State.COMMITTED, NOW + timedelta(minutes=5))),
    )
    return replace(journal, **changes)
