"""Where a restore goes, found out of whatever still answers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, cast

import pytest
from pydantic import SecretStr

from octeth_backupd.domain.restore.site import DataState, Owner, Source
from octeth_backupd.domain.server import Location, Mount, Placement, Vendor
from octeth_backupd.errors import (
    DockerError,
    LoginRefusedError,
    NotFoundError,
    ServerUnreachableError,
    StorageError,
)
from octeth_backupd.pipeline.programs import Programs
from octeth_backupd.pipeline.restore import site as site_module
from octeth_backupd.pipeline.restore.site import find_site
from octeth_backupd.servers.settings import ServerSettings
from octeth_backupd.servers.survey import Survey
from tests.fakes.catalog_values import make_backup
from tests.fakes.manifests import make_manifest
from tests.fakes.sites import make_container

if TYPE_CHECKING:
    from collections.abc import Sequence

    from octeth_backupd.domain.restore.plan import Refusal
    from octeth_backupd.domain.restore.site import Site
    from octeth_backupd.process.docker import Docker
    from tests.fakes.bench import Bench

DOWN = ServerUnreachableError("container oempro_mysql is stopped (exited)")
DATA = PurePosixPath("/var/lib/mysql")


class FakeEngine:
    """Knows how one container was made."""

    def __init__(self) -> None:
        self.config: dict[str, Any] = {"Entrypoint": ["docker-entrypoint.sh"], "Cmd": ["mysqld", "--server-id=7"]}

    def inspect_container(self, name_or_id: str) -> dict[str, Any]:
        return {"Config": self.config}


class Scene:
    """A server in a container, its data, its image: down unless a test says otherwise."""

    def __init__(self, bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
        self.bench = bench
        self.data = bench.directory / "mysql"
        self.engine = FakeEngine()
        self.image: dict[str, str] = {}
        self.image_error: Exception | None = None
        self.container = make_container(status="exited", mounts=(Mount(source=self.data, destination=DATA),))
        self.settings = ServerSettings(container="oempro_mysql", password=SecretStr("x"))
        self.survey = self.located(error=DOWN, error_stage="container")
        monkeypatch.setattr(site_module, "in_image", lambda *_, **__: self.ask)
        monkeypatch.setattr(site_module, "on_host", lambda _runner: self.ask)

    def located(self, **changes: Any) -> Survey:
        location = Location(placement=Placement.CONTAINER, addresses=(), container=self.container)
        return Survey(location=location, **changes)

    def ask(self, program: str, arguments: Sequence[str]) -> str | None:
        if self.image_error is not None:
            raise self.image_error
        return self.image.get(f"{program} {arguments[-1]}")

    def find(self, *, manifest: bool = False) -> tuple[Site | None, tuple[Refusal, ...]]:
        self.bench.server.settings = self.settings
        self.bench.server.surveyed = self.survey
        parts = self.bench.parts(docker=cast("Docker", self.engine))
        programs = Programs(parts, installation_id="i", run_id="r")
        return find_site(self.bench.server, parts, manifest=make_manifest() if manifest else None, programs=programs)

    def site(self, *, manifest: bool = False) -> Site:
        site, refusals = self.find(manifest=manifest)
        assert refusals == ()
        assert site is not None
        return site


@pytest.fixture
def scene(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> Scene:
    return Scene(bench, monkeypatch)


def sources(site: Site) -> dict[str, Source]:
    return {fact.name: fact.source for fact in site.facts}


def codes(found: tuple[Site | None, tuple[Refusal, ...]]) -> list[str]:
    return [refusal.code for refusal in found[1]]


def test_a_server_that_answers_is_taken_at_its_word(scene: Scene) -> None:
    facts = scene.bench.server.surveyed.facts
    scene.survey = replace(scene.bench.server.surveyed, location=scene.survey.location)

    site = scene.site()

    assert facts is not None
    assert (site.version, site.variables, site.is_answering) == (facts.version, facts.variables, True)
    assert sources(site)["version"] is Source.SQL


def test_a_server_that_is_down_is_known_by_its_image_and_its_options(scene: Scene) -> None:
    scene.image = {
        "mysqld --version": "mysqld  Ver 8.0.36 for Linux",
        "mysqld --print-defaults": "x\n--log-bin=/var/lib/mysql/b",
    }

    site = scene.site(manifest=True)

    assert (str(site.version), site.vendor) == ("8.0.36", Vendor.MYSQL)
    assert site.command == ("mysqld", "--server-id=7")
    assert site.variables["log_bin_basename"] == "/var/lib/mysql/b"
    assert site.variables["version"] == "8.0.36"
    assert site.host_paths["data"] == scene.data
    assert not site.is_running
    assert sources(site)["version"] is Source.CONTAINER


@pytest.mark.parametrize(
    ("changes", "condition"),
    [
        ({"status": "exited"}, "exited"),
        ({"status": "paused", "paused": True}, "paused"),
        ({"status": "restarting", "restarting": True}, "restarting: its server ends again and again"),
        ({"status": ""}, "state unknown"),
    ],
)
def test_the_plan_says_how_the_container_is_and_what_lies_in_its_data(
    scene: Scene, changes: dict[str, Any], condition: str
) -> None:
    (scene.data / "shop").mkdir()
    scene.image = {"mysqld --version": "mysqld  Ver 9.7.4 for Linux on x86_64 (MySQL Community Server - GPL)"}
    scene.container = replace(scene.container, **changes)
    scene.survey = scene.located(error=DOWN, error_stage="container")

    site, _ = scene.find()

    assert site is not None
    facts = {fact.name: fact.value for fact in site.facts}
    assert facts["container"] == f"{scene.container.name} ({condition})"
    assert facts["data there now"]


def test_mariadb_is_known_by_its_version_text(scene: Scene) -> None:
    scene.image = {"mariadbd --version": "mariadbd  Ver 10.11.18-MariaDB-0+deb12u1 for debian-linux-gnu"}

    site = scene.site()

    assert (str(site.version), site.vendor) == ("10.11.18", Vendor.MARIADB)
    assert site.variables["version"] == "10.11.18-MariaDB"
    assert not site.log_bin


@pytest.mark.parametrize("in_catalog", [True, False])
def test_an_image_that_is_gone_leaves_the_newest_backup_to_ask(scene: Scene, in_catalog: bool) -> None:
    scene.image_error = NotFoundError("no such image")
    if in_catalog:
        scene.bench.catalog.add_backup(make_backup(manifest=make_manifest().to_mapping()))

    site = scene.site(manifest=not in_catalog)

    assert str(site.version) == "8.0.36"
    assert sources(site)["version"] is (Source.CATALOG if in_catalog else Source.MANIFEST)


def test_where_nothing_tells_the_version_there_is_no_site(scene: Scene) -> None:
    assert (scene.find()[0], codes(scene.find())) == (None, ["unknown_server"])


@pytest.mark.parametrize(
    ("account", "manifest", "owner", "source"),
    [
        ("uid=27(mysql) gid=28(mysql)", False, Owner(user_id=27, group_id=28), Source.CONTAINER),
        ("uid=27(mysql) gid=28(mysql)", True, Owner(user_id=999, group_id=999), Source.MANIFEST),
        ("", False, Owner(user_id=999, group_id=999), Source.ASSUMED),
    ],
)
def test_whose_the_files_will_be_is_asked_of_files_then_manifest_then_image(
    scene: Scene,
    account: str,
    manifest: bool,
    owner: Owner,
    source: Source,
) -> None:
    scene.data.rmdir()
    scene.image = {"mysqld --version": "Ver 8.0.36", "id mysql": account}

    site = scene.site(manifest=manifest)

    assert (site.owner, sources(site)["owner of the files"]) == (owner, source)
    assert site.data_state is DataState.ABSENT


def test_a_refused_login_is_an_answer(scene: Scene) -> None:
    scene.image = {"mysqld --version": "Ver 8.0.36"}
    scene.container = replace(scene.container, status="running")
    scene.survey = scene.located(error=LoginRefusedError("no"), error_stage="login")

    site = scene.site()

    assert (site.is_running, site.is_answering) == (True, False)
    assert "answers, but refuses the configured login" in [fact.value for fact in site.facts]


def test_a_configured_directory_is_where_the_data_is(scene: Scene) -> None:
    elsewhere = scene.bench.directory / "elsewhere"
    elsewhere.mkdir()
    scene.settings = scene.settings.model_copy(update={"data_directory": elsewhere})
    scene.image = {"mysqld --version": "Ver 8.0.36"}

    site = scene.site()

    assert site.data_directory == elsewhere
    assert sources(site)["data directory"] is Source.CONFIGURATION


def test_data_in_the_containers_own_layer_is_refused(scene: Scene) -> None:
    scene.image = {"mysqld --version": "Ver 8.0.36"}
    scene.container = replace(scene.container, mounts=())
    scene.survey = scene.located(error=DOWN, error_stage="container")

    assert codes(scene.find()) == ["data_not_on_host"]


def test_a_paused_container_still_has_a_site(scene: Scene) -> None:
    scene.image = {"mysqld --version": "Ver 8.0.36"}
    scene.container = replace(scene.container, status="paused", paused=True)
    scene.survey = scene.located(error=DOWN, error_stage="container")

    found = scene.find()

    assert codes(found) == ["container_paused"]
    assert found[0] is not None
    assert found[0].is_running


def test_a_server_known_by_its_address_is_refused(scene: Scene) -> None:
    scene.settings = ServerSettings(address="db.example", password=SecretStr("x"))

    assert codes(scene.find()) == ["not_controllable"]


@pytest.mark.parametrize(("stage", "code"), [("container", "container_absent"), ("docker", "docker_unavailable")])
def test_without_a_container_there_is_no_site(scene: Scene, stage: Any, code: str) -> None:
    scene.survey = Survey(error=DockerError("is down"), error_stage=stage)

    assert codes(scene.find(manifest=True)) == [code]


def test_a_data_directory_that_cannot_be_read_is_a_refusal(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_directory: Path) -> None:
        raise StorageError("input/output error", hint="Look into the kernel's log.")

    scene.image = {"mysqld --version": "Ver 8.0.36"}
    monkeypatch.setattr(site_module, "list_directory", broken)

    assert codes(scene.find()) == ["storage"]


def test_a_unit_of_systemd_is_asked_like_a_container(scene: Scene) -> None:
    scene.settings = ServerSettings(systemd_unit="mysql.service", password=SecretStr("x"), data_directory=scene.data)
    scene.survey = Survey(
        location=Location(placement=Placement.SYSTEMD, addresses=(), systemd_unit="mysql.service"),
        error=DOWN,
        error_stage="login",
    )
    scene.image = {
        "systemctl mysql.service": "LoadState=loaded\nActiveState=failed\nMainPID=0\n"
        "ExecStart={ path=/usr/sbin/mysqld ; argv[]=/usr/sbin/mysqld --port=1 ; ignore_errors=no ; }",
        "/usr/sbin/mysqld --version": "Ver 8.0.36",
    }

    site = scene.site()

    assert site.command == ("/usr/sbin/mysqld", "--port=1")
    assert (site.is_running, site.container, site.systemd_unit) == (False, None, "mysql.service")
    assert site.host_paths["data"] == scene.data


def test_a_unit_that_does_not_exist_is_refused(scene: Scene) -> None:
    scene.settings = ServerSettings(systemd_unit="nosuch.service", password=SecretStr("x"))
    scene.survey = Survey(
        location=Location(placement=Placement.SYSTEMD, addresses=(), systemd_unit="nosuch.service"),
        error=DOWN,
        error_stage="login",
    )
    scene.image = {"systemctl nosuch.service": "LoadState=not-found\nActiveState=inactive\n"}

    assert codes(scene.find()) == ["unit_absent"]


def test_a_volume_that_docker_mounts_at_each_start_is_refused(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    mount = Mount(source=scene.data, destination=DATA, kind="volume")
    scene.container = make_container(status="exited", mounts=(mount,))
    scene.survey = scene.located(error=DOWN, error_stage="container")
    monkeypatch.setattr(site_module, "mounted_volumes", lambda *_: {scene.data: "/data/mysql"})

    assert codes(scene.find(manifest=True)) == ["volume_mounted_at_start"]
