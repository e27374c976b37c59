"""The switch of containers, against an engine in memory; a real one is in tests/integration/test_restore_power.py."""

from __future__ import annotations

from contextlib import closing
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from octeth_backupd.domain.restore.journal import RestartPolicy
from octeth_backupd.errors import DockerError, ServerError
from octeth_backupd.process.docker import Docker
from octeth_backupd.servers.power.container import ContainerPower
from tests.contracts.power_contract import PowerContract
from tests.fakes.clock import FakeClock
from tests.fakes.docker_api import DockerApi, serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

_ID = "a1" * 32
_OTHER_ID = "b2" * 32


class ContainerRig:
    """A container ``db`` with the policy ``always``."""

    def __init__(self, api: DockerApi, docker: Docker, clock: FakeClock) -> None:
        self.api = api
        self.docker = docker
        self.clock = clock
        api.add(_ID, "db")

    @property
    def power(self) -> ContainerPower:
        return self.switch()

    def switch(self, *, container_id: str = _ID) -> ContainerPower:
        return ContainerPower(self.docker, "db", container_id=container_id, clock=self.clock)

    @property
    def state(self) -> dict[str, object]:
        state: dict[str, object] = self.api.containers[_ID]["State"]
        return state

    def ignore_stop(self) -> None:
        self.api.stubborn.add(_ID)

    def say(self, line: str) -> None:
        self.clock.go(0.1)
        self.api.say(_ID, line)
        self.clock.go(0.1)

    def remove(self) -> None:
        del self.api.containers[_ID]

    def now(self) -> datetime:
        return self.clock.now()

    def wait(self, seconds: float) -> None:
        self.clock.go(seconds)


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[ContainerRig]:
    clock = FakeClock()
    api = DockerApi(clock)
    with serving(api, tmp_path) as host, closing(Docker(host)) as docker:
        yield ContainerRig(api, docker, clock)


class TestContainerPower(PowerContract):
    """The suite, with containers."""


def test_retries_of_a_policy_come_back(rig: ContainerRig) -> None:
    policy = RestartPolicy(name="on-failure", maximum_retries=5)
    rig.power.unfence(policy)
    rig.power.fence()
    fenced = rig.power.state().policy

    rig.power.unfence(policy)

    assert fenced == RestartPolicy(name="no")
    assert rig.power.state().policy == policy


def test_container_is_asked_by_its_own_stop_signal_and_not_all_the_time(rig: ContainerRig) -> None:
    rig.api.containers[_ID]["Config"]["StopSignal"] = "SIGQUIT"
    rig.ignore_stop()

    with pytest.raises(ServerError):
        rig.power.stop(timeout_seconds=1, wait=rig.wait)

    assert rig.api.signals == ["SIGQUIT"]


def test_signal_that_a_starting_process_lost_is_sent_again(rig: ContainerRig) -> None:
    rig.ignore_stop()

    def handler_after_three_seconds(seconds: float) -> None:
        rig.clock.go(seconds)
        if rig.clock.monotonic_seconds() - began > 3:
            rig.api.stubborn.clear()

    began = rig.clock.monotonic_seconds()
    rig.power.stop(timeout_seconds=60, wait=handler_after_three_seconds)

    assert rig.api.signals == ["SIGTERM", "SIGTERM"]
    assert not rig.power.state().is_running


def test_process_that_a_pending_restart_brought_up_is_asked_as_well(rig: ContainerRig) -> None:
    rig.ignore_stop()

    def restart(seconds: float) -> None:
        rig.clock.go(seconds)
        rig.state["StartedAt"] = rig.now().isoformat()
        rig.api.stubborn.clear()

    rig.power.stop(timeout_seconds=1, wait=restart)

    assert rig.api.signals == ["SIGTERM", "SIGTERM"]
    assert not rig.power.state().is_running


@pytest.mark.parametrize("word", ["Paused", "Restarting"])
def test_container_that_is_about_to_go_on_counts_as_running(rig: ContainerRig, word: str) -> None:
    rig.state.update({"Running": False, word: True})

    assert rig.power.state().is_running


def test_container_that_removes_itself_is_refused_before_anything_is_changed(rig: ContainerRig) -> None:
    rig.api.containers[_ID]["HostConfig"]["AutoRemove"] = True

    with pytest.raises(ServerError, match="removes itself"):
        rig.power.fence()

    assert rig.power.state().policy == RestartPolicy(name="always")


def test_container_of_a_swarm_service_is_refused(rig: ContainerRig) -> None:
    rig.api.containers[_ID]["Config"]["Labels"] = {"com.docker.swarm.service.name": "mail_db"}

    with pytest.raises(ServerError, match="mail_db"):
        rig.power.fence()


def test_another_container_under_the_name_is_refused(rig: ContainerRig) -> None:
    rig.remove()
    rig.api.add(_OTHER_ID, "db")

    for action in (rig.power.state, rig.power.fence, rig.power.start, rig.power.end):
        with pytest.raises(ServerError, match="b2b2b2b2b2b2"):
            action()

    assert rig.api.signals == []
    assert rig.switch(container_id="").state().container_id == _OTHER_ID


def test_container_that_lost_its_name_is_not_taken_for_one_that_is_gone(rig: ContainerRig) -> None:
    rig.api.containers[_ID]["Name"] = "/db_old"

    with pytest.raises(ServerError, match="named db_old"):
        rig.power.state()


def test_refused_start_has_the_words_of_the_engine(rig: ContainerRig) -> None:
    rig.power.stop(timeout_seconds=1, wait=rig.wait)
    rig.api.start_refusal = "port is already allocated"

    with pytest.raises(ServerError, match="port is already allocated") as caught:
        rig.power.start()

    assert not caught.value.retryable


def test_engine_that_is_away_is_told_from_a_server_that_is_gone(tmp_path: Path) -> None:
    power = ContainerPower(Docker(f"unix://{tmp_path}/none"), "db", container_id=_ID, clock=FakeClock())

    for action in (power.state, power.fence, power.start, power.end):
        with pytest.raises(DockerError) as caught:
            action()
        assert caught.value.retryable


def test_log_begins_with_the_start_although_the_clock_was_set_since(rig: ContainerRig) -> None:
    rig.say("first")

    assert rig.power.log_since(rig.now() + timedelta(hours=1)) == ("first",)


def test_log_of_one_that_ended_before_its_start_was_noted_is_read(rig: ContainerRig) -> None:
    rig.api.say(_ID, "crashed")
    rig.clock.go(0.05)
    rig.api.end(_ID, 1)
    rig.clock.go(0.05)
    rig.api.containers[_ID]["State"]["StartedAt"] = rig.now().isoformat()

    assert rig.power.log_since(rig.now()) == ("crashed",)


def test_log_of_one_that_was_never_started_is_asked_for_since_the_given_moment(rig: ContainerRig) -> None:
    rig.api.containers[_ID]["State"] |= {"Running": False, "StartedAt": "0001-01-01T00:00:00Z"}
    rig.api.say(_ID, "earlier")
    rig.clock.go(1)

    assert rig.power.log_since(rig.now()) == ()


def test_log_that_cannot_be_read_is_empty(rig: ContainerRig) -> None:
    rig.api.log_refusal = "configured logging driver does not support reading"

    assert rig.power.log_since(rig.now()) == ()


def test_other_container_that_mounts_the_directory_is_named_and_the_server_itself_is_not(
    rig: ContainerRig, tmp_path: Path
) -> None:
    directory = tmp_path / "data"
    directory.mkdir()
    rig.api.containers[_ID]["Mounts"] = [{"Source": str(directory), "Destination": "/x", "RW": True}]
    rig.api.add(_OTHER_ID, "second", mounts=((directory, True),))

    assert rig.power.other_users([directory]) == ("second",)
