"""Stopping, fencing, starting and judging real containers."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import SecretStr

from octeth_backupd.domain.restore.journal import Expected, RestartPolicy
from octeth_backupd.domain.restore.old_login import NO_LOGIN
from octeth_backupd.errors import DockerError, RestoreError, ServerError, ServerStillRunningError
from octeth_backupd.pipeline.context import RunContext
from octeth_backupd.pipeline.restore.gate import pass_gate
from octeth_backupd.pipeline.restore.login import Login
from octeth_backupd.pipeline.restore.readiness import wait_until_ready
from octeth_backupd.process.cancellation import Cancellation
from octeth_backupd.process.clock import SystemClock
from octeth_backupd.process.docker import Docker, DockerSettings
from octeth_backupd.servers.flushing import dirty_pages_allowed, flush_dirty_pages, restore_dirty_pages
from octeth_backupd.servers.power.container import ContainerPower
from octeth_backupd.servers.power.registry import power_for
from octeth_backupd.servers.server import Server
from octeth_backupd.servers.settings import ServerSettings
from octeth_backupd.servers.tables import count_tables
from octeth_backupd.telemetry.bus import EventBus
from tests.contracts.power_contract import PowerContract
from tests.environment.database_containers import DatabaseContainer, MariaDbContainer, MySqlContainer, unique_name
from tests.environment.docker_engine import MARIADB_IMAGE, ensure_image, session_labels
from tests.fakes.runs import a_run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_IGNORES = "/run/ignore-stop"
_PROGRAM = f"trap '[ -e {_IGNORES} ] || exit 0' TERM; while :; do sleep 0.02; done"
_CRASHES = "echo crashed; exit 3"


class ContainerRig:
    """A container that stands in for a server: it ends on TERM, and says what it is told to."""

    def __init__(self, docker: Docker, container_id: str, name: str) -> None:
        self.docker = docker
        self.container_id = container_id
        self.name = name

    @property
    def power(self) -> ContainerPower:
        return ContainerPower(self.docker, self.name, container_id=self.container_id, clock=SystemClock())

    @property
    def state(self) -> dict[str, Any]:
        state: dict[str, Any] = self.docker.inspect_container(self.container_id)["State"]
        return state

    def wait_for(self, holds: Callable[[dict[str, Any]], bool], seconds: float = 20) -> None:
        deadline = time.monotonic() + seconds
        while not holds(self.state):
            assert time.monotonic() < deadline, self.state
            time.sleep(0.02)

    def ignore_stop(self) -> None:
        self.inside("touch", _IGNORES)

    def say(self, line: str) -> None:
        self.inside("sh", "-c", f"echo {line} > /proc/1/fd/1")

    def inside(self, *argv: str) -> None:
        assert self.docker.exec_output(self.container_id, argv, 10)[0] == 0

    def remove(self) -> None:
        self.docker.remove(self.container_id)

    def now(self) -> datetime:
        return datetime.now(UTC)

    def wait(self, seconds: float) -> None:
        time.sleep(seconds)


@pytest.fixture
def docker() -> Iterator[Docker]:
    ensure_image(MARIADB_IMAGE)
    docker = Docker(DockerSettings().host)
    yield docker
    docker.close()


@pytest.fixture
def make_rig(docker: Docker) -> Iterator[Callable[..., ContainerRig]]:
    rigs: list[ContainerRig] = []

    def make(script: str = _PROGRAM, *, policy: str = "always", **spec: Any) -> ContainerRig:
        name = unique_name("power")
        settings: dict[str, Any] = {"image": MARIADB_IMAGE, "entrypoint": ["sh", "-c", script], "name": name}
        container_id = docker.create_sidecar(
            **settings | {"labels": session_labels(), "restart_policy": {"Name": policy}} | spec
        )
        rigs.append(ContainerRig(docker, container_id, name))
        docker.start(container_id)
        return rigs[-1]

    yield make
    for rig in rigs:
        rig.remove()


@pytest.fixture
def rig(make_rig: Callable[..., ContainerRig]) -> ContainerRig:
    return make_rig()


class TestContainerPower(PowerContract):
    """The contract of power switches, with real containers."""


@pytest.mark.parametrize(
    "policy",
    [
        RestartPolicy(name="no"),
        RestartPolicy(name="always"),
        RestartPolicy(name="unless-stopped"),
        RestartPolicy(name="on-failure", maximum_retries=5),
    ],
    ids=lambda policy: policy.name,
)
def test_every_policy_is_the_same_after_fence_stop_start_and_unfence(rig: ContainerRig, policy: RestartPolicy) -> None:
    rig.power.unfence(policy)

    rig.power.fence()
    rig.power.stop(timeout_seconds=10, wait=time.sleep)
    rig.power.start()
    fenced = rig.power.state().policy
    rig.power.unfence(policy)

    assert fenced == RestartPolicy(name="no")
    assert rig.power.state().policy == policy
    assert rig.power.state().is_running


def test_stop_is_over_as_soon_as_the_container_is(rig: ContainerRig) -> None:
    began = time.monotonic()

    rig.power.stop(timeout_seconds=30, wait=time.sleep)

    assert time.monotonic() - began < 15


def test_first_process_that_does_not_handle_the_signal_is_left_alone(make_rig: Callable[..., ContainerRig]) -> None:
    """The first process of a container ignores what it does not handle."""
    rig = make_rig("while :; do sleep 1; done", policy="no")

    with pytest.raises(ServerStillRunningError, match="still runs 0"):
        rig.power.stop(timeout_seconds=0.5, wait=time.sleep)

    assert rig.power.state().is_running


def test_crash_loop_is_stopped_and_stays_down(make_rig: Callable[..., ContainerRig]) -> None:
    rig = make_rig(_CRASHES)
    rig.wait_for(lambda state: bool(state["Restarting"]))
    assert rig.power.state().is_running

    rig.power.fence()
    rig.power.stop(timeout_seconds=10, wait=time.sleep)
    stopped_at = rig.state["StartedAt"]
    time.sleep(3)

    assert not rig.power.state().is_running
    assert rig.state["StartedAt"] == stopped_at


def test_container_that_ends_by_itself_behind_its_fence_is_not_restarted(make_rig: Callable[..., ContainerRig]) -> None:
    rig = make_rig("sleep 0.5; exit 3")
    rig.power.fence()

    rig.wait_for(lambda state: not state["Running"])
    time.sleep(1)

    assert (rig.power.state().is_running, rig.power.state().exit_code) == (False, 3)


def test_paused_container_is_woken_up_to_be_stopped(rig: ContainerRig) -> None:
    rig.docker.call("pause", lambda client: client.api.pause(rig.container_id))

    rig.power.stop(timeout_seconds=10, wait=time.sleep)

    assert not rig.power.state().is_running


def test_container_recreated_under_the_name_is_refused(
    rig: ContainerRig, make_rig: Callable[..., ContainerRig]
) -> None:
    rig.remove()
    make_rig(name=rig.name)

    with pytest.raises(ServerError, match="is not the one that this restore began with"):
        rig.power.stop(timeout_seconds=1, wait=time.sleep)


def test_container_made_with_rm_is_refused_and_left_as_it_is(make_rig: Callable[..., ContainerRig]) -> None:
    rig = make_rig(policy="no", auto_remove=True)

    with pytest.raises(ServerError, match="removes itself"):
        rig.power.fence()

    assert rig.power.state().is_running


def test_log_that_the_driver_does_not_keep_is_empty(make_rig: Callable[..., ContainerRig]) -> None:
    rig = make_rig(log_config={"type": "none", "config": {}})
    rig.say("unheard")

    assert rig.power.log_since(rig.now() - timedelta(minutes=1)) == ()


def test_container_that_ended_at_once_has_said_why(make_rig: Callable[..., ContainerRig]) -> None:
    rig = make_rig(_CRASHES, policy="no")
    rig.wait_for(lambda state: not state["Running"])

    assert rig.power.log_since(rig.now()) == ("crashed",)


def test_other_containers_on_the_directory_are_named_as_long_as_they_run(
    make_rig: Callable[..., ContainerRig], tmp_path: Path
) -> None:
    data = tmp_path / "data"
    data.mkdir()
    mine = make_rig(volumes=[f"{data}:/data"])
    same = make_rig(volumes=[f"{data}:/data"])
    parent = make_rig(volumes=[f"{tmp_path}:/srv"])
    make_rig(volumes=[f"{data}:/data:ro"])
    assert mine.power.other_users([data]) == tuple(sorted((same.name, parent.name)))

    same.power.stop(timeout_seconds=10, wait=time.sleep)
    parent.power.stop(timeout_seconds=10, wait=time.sleep)

    assert mine.power.other_users([data]) == ()


def test_other_container_on_a_named_volume_is_named(make_rig: Callable[..., ContainerRig]) -> None:
    volume = unique_name("volume")
    mine = make_rig(volumes=[f"{volume}:/data"])
    other = make_rig(volumes=[f"{volume}:/data"])
    try:
        mounts = mine.docker.inspect_container(mine.container_id)["Mounts"]
        source = next(Path(mount["Source"]) for mount in mounts if mount["Destination"] == "/data")

        assert mine.power.other_users([source]) == (other.name,)
    finally:
        other.remove()
        mine.remove()
        mine.docker.call("remove volume", lambda client: client.api.remove_volume(volume))


class Site:
    """A configured server in a container, with its switch."""

    def __init__(self, database: DatabaseContainer, docker: Docker, *, password: str = "") -> None:
        self.database = database
        self.password = SecretStr(password or database.root_password)
        self.settings = ServerSettings(container=database.name, user="root", password=self.password)
        self.clock = SystemClock()
        self.server = Server(name="oempro", settings=self.settings, docker=docker, clock=self.clock)
        self.power = power_for(self.settings, docker, container_id=database.container_id)
        self.logins = (Login(source="configured", user="root", password=self.password),)
        self.context = RunContext(
            run=a_run(),
            installation_id="0" * 32,
            bus=EventBus(),
            clock=self.clock,
            cancellation=Cancellation(),
        )

    def ready(self, seconds: float = 60) -> str:
        return wait_until_ready(self.server, self.power, self.logins, timeout_seconds=seconds, wait=time.sleep).login

    def expected(self, **changes: Any) -> Expected:
        with self.server.connect(self.server.locate()) as session:
            return Expected(
                **{
                    "tables": {"oempro": count_tables(session)["oempro"]},
                    "largest": ("`oempro`.`subscribers_1`",),
                    "login": "configured",
                }
                | changes
            )

    def gate(self, expected: Expected) -> tuple[str, ...]:
        return pass_gate(
            self.context, self.server, self.power, expected, self.logins, since=self.clock.now() - timedelta(seconds=1)
        )


@pytest.fixture(scope="module")
def mariadb(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DatabaseContainer]:
    with MariaDbContainer(
        data_directory=tmp_path_factory.mktemp("power") / "data",
        restart_policy="always",
        arguments=("--innodb-max-dirty-pages-pct=80", "--innodb-max-dirty-pages-pct-lwm=7"),
    ) as server:
        server.fill(3_000_000)
        yield server


def test_server_is_ready_soon_after_fence_stop_and_start(mariadb: DatabaseContainer, docker: Docker) -> None:
    site = Site(mariadb, docker)
    expected = site.expected()
    policy = site.power.state().policy
    assert policy is not None

    site.power.fence()
    site.power.stop(timeout_seconds=60, wait=time.sleep)
    site.power.start()
    login = site.ready()
    notes = site.gate(expected)
    site.power.unfence(policy)

    assert login == "configured"
    assert notes == ()
    assert site.power.state().policy == RestartPolicy(name="always")


def test_switch_costs_no_more_than_the_containers_own_stop_and_start(
    mariadb: DatabaseContainer, docker: Docker
) -> None:
    """The quickest of three rounds each, in turn: no time-out is waited for. The benchmark measures it."""
    site = Site(mariadb, docker)
    own_seconds, our_seconds = [], []
    for _ in range(3):
        began = time.monotonic()
        mariadb.stop()
        mariadb.start()
        own_seconds.append(time.monotonic() - began)
        began = time.monotonic()
        site.power.stop(timeout_seconds=60, wait=time.sleep)
        site.power.start()
        site.ready()
        our_seconds.append(time.monotonic() - began)

    assert min(our_seconds) < min(own_seconds) + 3


def test_refused_password_is_readiness_and_passes_the_gate_with_a_note(
    mariadb: DatabaseContainer, docker: Docker
) -> None:
    right, wrong = Site(mariadb, docker), Site(mariadb, docker, password="rotated since")

    login = wrong.ready()
    no_login, cause = wrong.gate(right.expected())

    assert login == ""
    assert no_login == NO_LOGIN
    assert "refused user 'root'" in cause


def test_missing_table_fails_the_gate(mariadb: DatabaseContainer, docker: Docker) -> None:
    site = Site(mariadb, docker)

    with pytest.raises(RestoreError, match=r"database oempro has 4 of 5 tables; table `oempro`\.`gone` is not there"):
        site.gate(site.expected(tables={"oempro": 5}, largest=("`oempro`.`gone`",)))


def test_damaged_page_fails_the_gate_by_the_read_or_by_the_log_of_somebody_elses(
    docker: Docker, tmp_path: Path
) -> None:
    with MariaDbContainer(data_directory=tmp_path / "data") as server:
        server.fill(1_000_000)
        site = Site(server, docker)
        elsewhere, there = site.expected(), site.expected(largest=("`oempro`.`subscribers_2`",))
        site.power.stop(timeout_seconds=60, wait=time.sleep)
        with (server.data_directory / "oempro" / "subscribers_2.ibd").open("r+b") as table:
            table.seek(3 * 16384)
            table.write(b"\xaa" * 16384)
        site.power.start()
        site.ready()

        with pytest.raises(RestoreError, match=r"table `oempro`\.`subscribers_2` cannot be read"):
            site.gate(there)
        with pytest.raises(RestoreError, match=r"its log says: .*(?i:corrupt)"):
            site.gate(elsewhere)


def test_server_that_ends_on_its_data_says_why(docker: Docker, tmp_path: Path) -> None:
    with MariaDbContainer(data_directory=tmp_path / "data") as server:
        site = Site(server, docker)
        site.power.stop(timeout_seconds=60, wait=time.sleep)
        (server.data_directory / "ibdata1").write_bytes(b"\0" * 1024)

        site.power.start()
        with pytest.raises(
            RestoreError, match=r"has ended with exit code 1 on the restored data; its log says: .*ibdata"
        ):
            site.ready()


def test_server_that_takes_no_logins_is_given_up_at_the_limit(docker: Docker, tmp_path: Path) -> None:
    with MariaDbContainer(data_directory=tmp_path / "data") as server:
        site = Site(server, docker)
        server.stop()
        (server.data_directory / "my.cnf").unlink(missing_ok=True)
        site.power.start()
        site.ready()
        server.pause()
        try:
            with pytest.raises(RestoreError, match="is not ready 1 s after its start"):
                site.ready(seconds=1)
        finally:
            server.unpause()


def test_flush_leaves_no_dirty_page_and_what_was_allowed_comes_back(mariadb: DatabaseContainer, docker: Docker) -> None:
    site = Site(mariadb, docker)
    allowed = "SHOW GLOBAL VARIABLES LIKE 'innodb_max_dirty_pages_pct%'"
    before = dict(mariadb.sql(allowed))
    mariadb.sql("UPDATE oempro.subscribers_1 SET subscribed = NOW(), email = CONCAT(id, '@example.com')")

    with site.server.connect(site.server.locate()) as session:
        previous = flush_dirty_pages(session, seconds=30, clock=site.clock)
        dirty = int(mariadb.sql("SHOW GLOBAL STATUS LIKE 'Innodb_buffer_pool_pages_dirty'")[0][1])
        restore_dirty_pages(session, previous)

    assert previous == dirty_pages_allowed(before)
    assert dirty < 20
    assert dict(mariadb.sql(allowed)) == before


def test_gtids_of_mysql_are_compared(docker: Docker, tmp_path: Path) -> None:
    arguments = ("--gtid-mode=ON", "--enforce-gtid-consistency=ON")
    with MySqlContainer(data_directory=tmp_path / "data", binlog=True, arguments=arguments) as server:
        site = Site(server, docker)
        server.sql("CREATE DATABASE oempro")
        server.sql("CREATE TABLE oempro.subscribers_1 (id INT PRIMARY KEY)")
        held = str(server.scalar("SELECT @@GLOBAL.gtid_executed")).replace("\n", "")
        source, _, last = held.rpartition("-")
        beyond = f"{source}-{int(last) + 1}"

        with site.server.connect(site.server.locate()) as session:
            previous = flush_dirty_pages(session, seconds=10, clock=site.clock)
            restore_dirty_pages(session, previous)
        notes = site.gate(site.expected(gtid=held))
        with pytest.raises(RestoreError, match=r"gtid_executed is .* and does not hold"):
            site.gate(site.expected(gtid=beyond))

        assert notes == ()
        assert previous == "90.000000/10.000000"


def test_engine_that_is_away_is_no_verdict_about_the_server(mariadb: DatabaseContainer) -> None:
    site = Site(mariadb, Docker("unix:///nonexistent/docker.sock"))

    with pytest.raises(DockerError) as caught:
        site.ready()

    assert caught.value.retryable
