"""Plans of restores with real containers: up, stopped, crash-looping, paused, absent, and with their data gone."""

from __future__ import annotations

import shutil
import subprocess
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from pydantic import SecretStr

from octeth_backupd.catalog.store import Catalog
from octeth_backupd.compression.base import CompressionSettings
from octeth_backupd.domain.backup import Tier
from octeth_backupd.domain.manifest_parts import (
    DataOwner,
    IdentityEntry,
    MountEntry,
    PlacementEntry,
    ServerPart,
    SizesPart,
    TablespaceEntry,
)
from octeth_backupd.domain.names import storage_key
from octeth_backupd.domain.restore.order import RestoreOrder
from octeth_backupd.domain.restore.site import DataState, Source
from octeth_backupd.domain.restore.swap import SwapMethod
from octeth_backupd.domain.retention.settings import RetentionSettings
from octeth_backupd.domain.server import Vendor, parse_version
from octeth_backupd.engines.settings import EnginesSettings
from octeth_backupd.pipeline.parts import Parts
from octeth_backupd.pipeline.record import backup_from_manifest
from octeth_backupd.pipeline.restore.journals import Journals
from octeth_backupd.pipeline.restore.planning import plan_restore
from octeth_backupd.pipeline.restore.settings import RestoreSettings
from octeth_backupd.pipeline.settings import BackupSettings
from octeth_backupd.process.clock import SystemClock
from octeth_backupd.process.docker import Docker
from octeth_backupd.servers.server import Server
from octeth_backupd.servers.settings import ServerSettings
from octeth_backupd.storage.directory import BackupDirectory
from octeth_backupd.storage.local import LocalStorage
from tests.environment.availability import require_mysql_image
from tests.environment.database_containers import MariaDbContainer, MySqlContainer, make_server_directory
from tests.environment.docker_engine import Mount, shared_engine
from tests.environment.small_filesystem import small_filesystem
from tests.fakes.manifests import make_manifest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from octeth_backupd.domain.manifest import Manifest
    from octeth_backupd.domain.restore.plan import RestorePlan
    from octeth_backupd.domain.restore.site import Site
    from tests.environment.database_containers import DatabaseContainer

INSTALLATION = "11111111-2222-3333-4444-555555555555"
LABEL = f"octeth-backupd.installation={INSTALLATION}"
ENGINE_SOCKET = "unix:///var/run/docker.sock"


class Bench:
    """An installation without a daemon: its catalog and storage are real, its backups are empty files."""

    def __init__(self, directory: Path, container: DatabaseContainer, *, engine: str = ENGINE_SOCKET) -> None:
        self.directory = directory
        directory.mkdir()
        self.container = container
        docker = Docker(engine, timeout_seconds=10)
        clock = SystemClock()
        settings = ServerSettings(container=container.name, password=SecretStr(container.root_password))
        self.server = Server(name="oempro", settings=settings, docker=docker, clock=clock)
        self.catalog = Catalog.open(directory / "catalog.sqlite", clock=clock)
        self.backups = directory / "backups"
        self.parts = Parts(
            catalog=self.catalog,
            backup=BackupSettings.model_validate({"min_free": 0}),
            restore=RestoreSettings(),
            compression=CompressionSettings(threads=1),
            engines=EnginesSettings(),
            docker=docker,
            servers={"oempro": self.server},
            storages=(LocalStorage(BackupDirectory(self.backups, fstab=directory / "no-fstab")),),
            workspace_directory=self.backups / ".workspace",
            backup_directory=self.backups,
            runtime_directory=directory / "runtime",
            journals=Journals(directory / "journals"),
            retention=RetentionSettings().policy({"local": False}, timezone="UTC", schedules={}),
            secrets=(container.root_password,),
        )

    def remember(self, **changes: object) -> Manifest:
        """Enter a backup of the server, as it is now, into the catalog; the server must be up."""
        manifest = self.manifest(**changes)
        archive = self.backups / storage_key("oempro", manifest.tier, manifest.archive.name)
        archive.parent.mkdir(parents=True)
        archive.write_bytes(b"x" * manifest.archive.size_bytes)
        self.catalog.add_backup(backup_from_manifest(manifest, storages=["local"], at=datetime.now(UTC)))
        return manifest

    def manifest(self, **changes: object) -> Manifest:
        survey = self.server.survey()
        assert survey.facts is not None and survey.paths is not None and survey.location is not None
        assert survey.owner is not None and survey.location.container is not None, survey.error
        facts, container = survey.facts, survey.location.container
        self.catalog.record_server("oempro", facts.identity, datetime.now(UTC))
        part = ServerPart(
            name="oempro",
            vendor=facts.vendor,
            version=str(facts.version),
            version_text=facts.version_text,
            identity=IdentityEntry.model_validate(facts.identity),
            placement=PlacementEntry(
                kind=self.server.settings.placement,
                container=container.name,
                image=container.image,
                command=container.command,
                mounts=tuple(MountEntry.model_validate(mount) for mount in container.mounts),
            ),
            variables=dict(facts.variables),
            server_paths=dict(survey.paths.server),
            host_paths=dict(survey.paths.host),
            data_owner=DataOwner(uid=survey.owner.user_id, gid=survey.owner.group_id, mode="0750"),
            schemas=facts.schemas,
            tablespaces=tuple(TablespaceEntry.model_validate(t) for t in facts.tablespaces),
        )
        sizes = SizesPart(data_bytes=20_000_000, prepared_bytes=25_000_000, archive_bytes=2_000)
        return make_manifest(**{"server": part, "sizes": sizes, "tier": Tier.DAILY, **changes})

    def plan(self, manifest: Manifest | None = None, **order: object) -> RestorePlan:
        wishes = {"backup_id": manifest.backup_id if manifest else "", **order}
        return plan_restore(
            RestoreOrder(**wishes),  # type: ignore[arg-type]
            "oempro",
            self.parts,
            installation_id=INSTALLATION,
            run_id="run-1",
            clock=SystemClock(),
        )

    def site(self, manifest: Manifest | None = None, **order: object) -> Site:
        """Return the site of a plan that nothing stands in the way of."""
        plan = self.plan(manifest, **order)
        assert plan.refusals == ()
        assert plan.site is not None
        return plan.site

    def close(self) -> None:
        self.catalog.close()


@contextmanager
def bench(directory: Path, container: DatabaseContainer, **options: str) -> Iterator[Bench]:
    made = Bench(directory, container, **options)
    try:
        yield made
    finally:
        made.close()
        left = shared_engine().client.containers.list(all=True, filters={"label": LABEL})
        assert left == []


def codes(plan: RestorePlan) -> list[str]:
    return [refusal.code for refusal in plan.refusals]


def source_of(site: Site, name: str) -> Source:
    return next(fact.source for fact in site.facts if fact.name == name)


def everything_in(directory: Path) -> list[str]:
    return sorted(str(path) for path in directory.rglob("*"))


def make_schema(container: DatabaseContainer) -> None:
    container.sql("CREATE DATABASE shop")
    container.sql("CREATE TABLE shop.orders (id INT PRIMARY KEY) ENGINE=InnoDB")


def a_server(vendor: str, directory: Path, **options: object) -> DatabaseContainer:
    if vendor == "mysql":
        require_mysql_image()
        return MySqlContainer(data_directory=directory, **options)  # type: ignore[arg-type]
    return MariaDbContainer(data_directory=directory, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize("vendor", ["mariadb", "mysql"])
def test_the_plan_holds_with_the_server_up_and_with_it_stopped_and_says_where_each_fact_is_from(
    tmp_path: Path, vendor: str
) -> None:
    with (
        a_server(vendor, tmp_path / "data", binlog_directory=tmp_path / "log") as container,
        bench(tmp_path / "bench", container) as a_bench,
    ):
        make_schema(container)
        manifest = a_bench.remember()
        files_up = everything_in(tmp_path / "log")

        up = a_bench.site(manifest)
        container.stop()
        files_stopped = everything_in(tmp_path)
        stopped = a_bench.site(manifest)

        assert (up.is_answering, stopped.is_answering) == (True, False)
        assert (up.is_running, stopped.is_running) == (True, False)
        assert (source_of(up, "version"), source_of(stopped, "version")) == (Source.SQL, Source.CONTAINER)
        for name in ("vendor", "version", "command", "server_paths", "host_paths", "log_bin", "owner"):
            assert getattr(up, name) == getattr(stopped, name), name
        assert up.identity == stopped.identity
        assert stopped.binlog_directory == tmp_path / "log"
        assert stopped.user_schemas == ("shop",)
        assert everything_in(tmp_path) == files_stopped
        assert set(files_up) <= set(files_stopped)


def test_a_server_that_crashes_again_and_again_can_be_planned_for(tmp_path: Path) -> None:
    with (
        a_server("mysql", tmp_path / "data", restart_policy="always", binlog=True) as container,
        bench(tmp_path / "bench", container) as a_bench,
    ):
        make_schema(container)
        manifest = a_bench.remember()
        container.stop()
        for file in ("ibdata1", "mysql.ibd"):
            (tmp_path / "data" / file).write_bytes(b"\xff" * (1 << 20))
        container.start(wait=False)

        site = a_bench.site(manifest)

        assert not site.is_answering
        assert site.data_state is DataState.PRESENT
        assert str(site.version).startswith("9.")
        assert site.log_bin


def test_a_paused_container_is_refused_with_the_command_that_lets_it_go_on(tmp_path: Path) -> None:
    with a_server("mariadb", tmp_path / "data") as container, bench(tmp_path / "bench", container) as a_bench:
        manifest = a_bench.remember()
        container.pause()

        plan = a_bench.plan(manifest)

        container.unpause()
        assert codes(plan) == ["container_paused"]
        assert plan.refusals[0].hint == f"Run: docker unpause {container.name}"
        assert plan.site is not None and plan.site.vendor is Vendor.MARIADB


def test_a_server_that_hangs_does_not_hang_the_plan(tmp_path: Path) -> None:
    with a_server("mariadb", tmp_path / "data") as container, bench(tmp_path / "bench", container) as a_bench:
        make_schema(container)
        manifest = a_bench.remember()
        clock = SystemClock()
        container.kill(signal="STOP")
        began = clock.monotonic_seconds()

        site = a_bench.site(manifest)

        took = clock.monotonic_seconds() - began
        container.kill(signal="CONT")
        assert not site.is_answering
        assert site.is_running
        assert took < 60


@pytest.mark.parametrize("vendor", ["mariadb", "mysql"])
def test_data_that_is_gone_empty_or_without_system_schema_is_planned_for_and_left_as_it_is(
    tmp_path: Path, vendor: str
) -> None:
    data = tmp_path / "data"
    with a_server(vendor, data) as container, bench(tmp_path / "bench", container) as a_bench:
        make_schema(container)
        manifest = a_bench.remember()
        container.stop()
        found = {}

        shutil.rmtree(data / "mysql")
        found[DataState.STRAY] = a_bench.site(manifest)
        shutil.rmtree(data)
        data.mkdir()
        found[DataState.EMPTY] = a_bench.site(manifest)
        data.rmdir()
        found[DataState.ABSENT] = a_bench.site(manifest)

        assert {state: site.data_state for state, site in found.items()} == {state: state for state in found}
        assert {(site.owner.user_id, site.owner.group_id) for site in found.values()} == {(999, 999)}
        assert source_of(found[DataState.EMPTY], "owner of the files") is Source.CATALOG
        assert not data.exists()


def test_without_catalog_and_data_the_image_says_whose_files_they_will_be(tmp_path: Path) -> None:
    data = tmp_path / "data"
    archive = _archive(tmp_path)
    with a_server("mariadb", data) as container, bench(tmp_path / "bench", container) as a_bench:
        container.stop()
        shutil.rmtree(data)

        site = a_bench.site(archive=archive, force=True)

        assert (site.owner.user_id, site.owner.group_id) == (999, 999)
        assert source_of(site, "owner of the files") is Source.CONTAINER
        assert site.data_state is DataState.ABSENT
        assert not site.log_bin


def test_the_command_for_a_lost_container_makes_one_that_can_be_restored_into(tmp_path: Path) -> None:
    container = a_server("mariadb", tmp_path / "data", binlog_directory=tmp_path / "log")
    with container, bench(tmp_path / "bench", container) as a_bench:
        make_schema(container)
        manifest = a_bench.remember()
        name = container.name
        container.remove()
        shutil.rmtree(tmp_path / "data")
        (tmp_path / "data").mkdir()

        absent = a_bench.plan(manifest)
        command = absent.refusals[0].hint.partition("docker run")
        subprocess.run(
            ["sh", "-c", (command[1] + command[2]).replace("<password>", "first")],
            check=True,
            capture_output=True,
        )
        try:
            made = shared_engine().client.containers.get(name)
            site = a_bench.site(manifest)
        finally:
            shared_engine().client.containers.get(name).remove(force=True, v=True)

        assert codes(absent) == ["container_absent"]
        assert absent.site is None
        assert made.attrs["Args"] == ["--log-bin=/var/log/mysql/binlog", "--server-id=1"]
        assert site.command == ("mariadbd", "--log-bin=/var/log/mysql/binlog", "--server-id=1")
        assert site.host_paths["data"] == tmp_path / "data"
        assert site.user_schemas == ()


def test_a_docker_engine_that_is_away_is_a_refusal(tmp_path: Path) -> None:
    container = MariaDbContainer(data_directory=tmp_path / "data")
    with bench(tmp_path / "bench", container, engine=f"unix://{tmp_path}/nobody.sock") as a_bench:
        plan = a_bench.plan(archive=_archive(tmp_path), force=True)

        assert codes(plan) == ["docker_unavailable"]
        assert "no Docker engine" in plan.refusals[0].message


def test_data_of_another_server_needs_an_order_to_replace_it(tmp_path: Path) -> None:
    with a_server("mysql", tmp_path / "data") as container, bench(tmp_path / "bench", container) as a_bench:
        make_schema(container)
        manifest = a_bench.remember()
        container.stop()
        own = (tmp_path / "data" / "auto.cnf").read_text()
        uuid = "99999999-47b9-11f0-9a9b-0242ac110002"
        (tmp_path / "data" / "auto.cnf").write_text(f"[auto]\nserver-uuid={uuid}\n")

        foreign = a_bench.plan(manifest)
        forced = a_bench.plan(manifest, force_foreign=True)
        (tmp_path / "data" / "auto.cnf").write_text(own)
        again = a_bench.plan(manifest)

        assert [(refusal.code, refusal.flag) for refusal in foreign.refusals] == [("foreign_data", "--force-foreign")]
        assert uuid in foreign.refusals[0].message
        assert forced.refusals == ()
        assert any(uuid in warning for warning in forced.warnings)
        assert again.refusals == ()


def test_another_container_that_may_write_into_the_data_is_named(tmp_path: Path) -> None:
    with a_server("mariadb", tmp_path / "data") as container, bench(tmp_path / "bench", container) as a_bench:
        make_schema(container)
        manifest = a_bench.remember()
        other = shared_engine().client.containers.run(
            container.image,
            ["300"],
            entrypoint=["sleep"],
            name=f"{container.name}-other",
            volumes={str(tmp_path / "data"): {"bind": "/data", "mode": "rw"}},
            detach=True,
        )
        try:
            plan = a_bench.plan(manifest)
        finally:
            other.remove(force=True)

        assert codes(plan) == ["other_container"]
        assert plan.refusals[0].hint.endswith(f"docker stop {container.name}-other")


def test_a_mount_point_is_swapped_by_entries_and_its_own_space_counts(tmp_path: Path) -> None:
    with (
        small_filesystem(tmp_path / "data", megabytes=400) as data,
        a_server("mariadb", data) as container,
        bench(tmp_path / "bench", container) as a_bench,
    ):
        make_schema(container)
        manifest = a_bench.remember()
        large = a_bench.remember(
            backup_id="oempro-2026-11-22_03-00-00",
            tier=Tier.WEEKLY,
            sizes=SizesPart(data_bytes=1, prepared_bytes=1 << 40, archive_bytes=2_000),
        )
        container.stop()

        fits = a_bench.plan(manifest)
        too_large = a_bench.plan(large)
        subprocess.run(["mount", "-o", "remount,ro", str(data)], check=True)
        read_only = a_bench.plan(manifest)
        subprocess.run(["mount", "-o", "remount,rw", str(data)], check=True)

        assert codes(fits) == []
        assert [swap.method for swap in fits.swaps] == [SwapMethod.ENTRIES]
        assert codes(too_large) == ["no_space"]
        assert codes(read_only) == ["read_only_file_system"]


def test_a_newer_backup_and_one_of_another_vendor_are_refused(tmp_path: Path) -> None:
    with a_server("mariadb", tmp_path / "data") as container, bench(tmp_path / "bench", container) as a_bench:
        own = a_bench.manifest()
        container.stop()
        newer = own.server.model_copy(update={"version": "11.4.2"})
        other = own.server.model_copy(update={"vendor": Vendor.MYSQL, "version": "8.0.36"})
        plans = {}
        for hour, part in {3: newer, 4: other}.items():
            manifest = own.model_copy(update={"server": part, "backup_id": f"oempro-2026-11-22_0{hour}-00-00"})
            archive = tmp_path / f"{hour}" / manifest.archive.name
            archive.parent.mkdir()
            archive.write_bytes(b"x")
            archive.with_name(f"{archive.name}.json").write_text(manifest.to_json_text())
            plans[hour] = a_bench.plan(archive=archive)

        assert codes(plans[3]) == ["newer_version"]
        assert codes(plans[4]) == ["vendor_mismatch"]
        assert plans[3].site is not None and plans[3].site.version == parse_version(own.server.version)


def test_options_of_a_mounted_configuration_file_are_known_while_the_server_is_down(tmp_path: Path) -> None:
    configuration = tmp_path / "my.cnf"
    configuration.write_text("[mysqld]\nlog-bin = /var/log/mysql/octeth\ninnodb_undo_directory = /undo\n")
    configuration.chmod(0o644)
    undo = tmp_path / "undo"
    container = a_server(
        "mysql",
        tmp_path / "data",
        arguments=("--server-id=7",),
        mounts=(
            Mount(source=configuration, target="/etc/my.cnf"),
            Mount(source=make_server_directory(undo), target="/undo"),
        ),
    )
    with bench(tmp_path / "bench", container) as a_bench:
        try:
            container.start(wait=False).stop()
            plan = a_bench.plan(archive=_archive(tmp_path), force=True)
        finally:
            container.remove()

        assert plan.site is not None
        assert plan.site.variables["log_bin_basename"] == "/var/log/mysql/octeth"
        assert plan.site.host_paths["undo"] == undo
        assert codes(plan) == ["separate_directories", "separate_directories"]
        assert any("innodb_undo_directory" in refusal.hint for refusal in plan.refusals)
        assert any("/var/log/mysql" in refusal.message for refusal in plan.refusals)


def _archive(directory: Path) -> Path:
    path = directory / "octeth-backup-2026-11-22_02-00-00.tar.gz"
    path.write_bytes(b"x")
    return path
