"""The switch of systemd units, against a systemctl that keeps one unit in a directory."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

import pytest

from octeth_backupd.domain.restore.journal import RestartPolicy
from octeth_backupd.errors import ServerError, ServerStillRunningError
from octeth_backupd.process.docker import Docker
from octeth_backupd.process.host import DEFAULT_PATH
from octeth_backupd.servers.power.systemd import MASKED, MASKED_UNTIL_REBOOT, UNMASKED, SystemdPower
from tests.contracts.power_contract import PowerContract
from tests.fakes.clock import FakeClock

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

_SYSTEMCTL = """#!/bin/sh
cd {directory} || exit 1
echo "$*" >> calls
for unit; do :; done
ended() {{ rm -f running restarting; echo "$1" > status; }}
show_server() {{
    [ -e gone ] && {{ echo LoadState=not-found; echo ActiveState=inactive; exit 0; }}
    load=loaded; [ -e masked-runtime ] && load=masked-runtime; [ -e masked ] && load=masked
    [ "$unit" = mysql.service ] && [ $load != loaded ] && {{
        echo Id=mysql.service; echo LoadState=error; echo FragmentPath=/etc/systemd/system/mariadb.service
        echo ActiveState=inactive; exit 0; }}
    echo Id=mariadb.service
    echo "LoadState=${{load%-runtime}}"
    echo "UnitFileState=$load"
    echo "FragmentPath=/etc/systemd/system/mariadb.service"
    [ -e listening ] || [ -e broken ] && echo TriggeredBy=mariadb.socket
    if [ -e running ]; then echo ActiveState=active; echo SubState=running
    elif [ -e restarting ]; then echo ActiveState=activating; echo SubState=auto-restart
    else echo ActiveState=inactive; echo SubState=dead; fi
    echo "ExecMainStatus=$(cat status)"
}}
case "$*" in
    show*mariadb.socket)
        state=failed; [ -e listening ] && state=active
        echo Id=mariadb.socket; echo LoadState=loaded; echo ActiveState=$state ;;
    show*octeth-backupd.service)
        [ -e speechless ] && {{ echo "Connection timed out"; exit 1; }}
        state=active; [ -e leaving ] && state=deactivating
        echo Id=octeth-backupd.service; echo LoadState=loaded; echo ActiveState=$state ;;
    show*)
        [ -e away ] && {{ echo "Failed to connect to bus"; exit 1; }}
        show_server ;;
    "mask --runtime mariadb.service") touch masked-runtime ;;
    "mask mariadb.service") [ -e outranked ] && {{ echo "it already exists"; exit 1; }}; touch masked ;;
    "unmask --runtime mariadb.service") rm -f masked-runtime ;;
    "unmask mariadb.service") rm -f masked ;;
    *--signal=KILL*) ended 9 ;;
    kill*) [ -e stubborn ] || ended 0 ;;
    stop*) [ -e running ] || rm -f restarting ;;
    "start mariadb.socket") [ -e running ] || [ -e broken ] && exit 1; touch listening ;;
    start*)
        [ -e gone ] && exit 5
        [ -e masked ] || [ -e masked-runtime ] && {{ echo "Unit mariadb.service is masked."; exit 1; }}
        case "$*" in *ignore-dependencies*) ;; *) [ -e leaving ] && exit 0 ;; esac
        touch running ;;
esac
exit 0
"""
_JOURNALCTL = """#!/bin/sh
for argument; do case "$argument" in --since=@*) since=${{argument#--since=@}} ;; esac; done
awk -v since="$since" '$1 >= since {{ sub($1 " ", ""); print }}' {directory}/log
"""


class SystemdRig:
    """A unit ``mariadb.service`` that runs, known by its alias."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.clock = FakeClock()
        self.programs = directory / "bin"
        self.programs.mkdir()
        for name, script in (("systemctl", _SYSTEMCTL), ("journalctl", _JOURNALCTL)):
            program = self.programs / name
            program.write_text(script.format(directory=shlex.quote(str(directory))))
            program.chmod(0o755)
        self.mark("running")
        (directory / "status").write_text("0")
        (directory / "log").touch()

    @property
    def power(self) -> SystemdPower:
        return SystemdPower(
            "mysql.service",
            docker=Docker(f"unix://{self.directory}/none"),
            clock=self.clock,
            search_path=f"{self.programs}:{DEFAULT_PATH}",
            daemon_unit="octeth-backupd.service",
        )

    @property
    def calls(self) -> list[str]:
        return [line for line in (self.directory / "calls").read_text().splitlines() if not line.startswith("show")]

    def mark(self, word: str) -> None:
        (self.directory / word).touch()

    def ignore_stop(self) -> None:
        self.mark("stubborn")

    def say(self, line: str) -> None:
        self.clock.go(0.1)
        with (self.directory / "log").open("a") as log:
            log.write(f"{self.clock.now().timestamp():.6f} {line}\n")
        self.clock.go(0.1)

    def remove(self) -> None:
        (self.directory / "running").unlink()
        self.mark("gone")

    def now(self) -> datetime:
        return self.clock.now()

    def wait(self, seconds: float) -> None:
        self.clock.go(seconds + 0.2)


@pytest.fixture
def rig(tmp_path: Path) -> SystemdRig:
    return SystemdRig(tmp_path)


class TestSystemdPower(PowerContract):
    """The suite, with a unit."""


def test_unit_is_masked_before_it_is_asked_and_only_its_main_process_is(rig: SystemdRig) -> None:
    """Otherwise ``Restart=always`` starts it again, and ``systemctl stop`` kills it after a while."""
    rig.power.stop(timeout_seconds=5, wait=rig.wait)

    assert rig.calls == ["mask mariadb.service", "kill --kill-who=main --signal=TERM mariadb.service"]


def test_unit_between_two_starts_is_kept_from_the_next(rig: SystemdRig) -> None:
    (rig.directory / "running").unlink()
    rig.mark("restarting")
    assert rig.power.state().is_running

    rig.power.stop(timeout_seconds=5, wait=rig.wait)

    assert rig.calls[-1] == "stop --no-block mariadb.service"
    assert not rig.power.state().is_running


def test_fence_that_has_no_effect_is_an_error(rig: SystemdRig) -> None:
    rig.mark("outranked")

    with pytest.raises(ServerError, match="it already exists") as caught:
        rig.power.fence()

    assert "/usr/local/lib/systemd/system" in caught.value.hint
    assert rig.power.state().policy == RestartPolicy(name=UNMASKED)


@pytest.mark.parametrize("mask", [MASKED, MASKED_UNTIL_REBOOT])
def test_mask_of_the_operator_is_there_again_in_the_end(rig: SystemdRig, mask: str) -> None:
    (rig.directory / "running").unlink()
    rig.mark(mask)
    before = rig.power.state().policy
    assert before == RestartPolicy(name=mask)

    rig.power.fence()
    fenced = rig.power.state().policy
    rig.power.start(before)
    started = rig.power.state()
    rig.power.unfence(before)

    assert fenced == RestartPolicy(name=MASKED)
    assert (started.is_running, started.policy) == (True, RestartPolicy(name=UNMASKED))
    assert rig.power.state().policy == before


def test_alias_of_a_unit_that_is_masked_is_not_taken_for_a_stopped_server(rig: SystemdRig) -> None:
    rig.power.fence()

    assert rig.power.state().is_running


@pytest.mark.parametrize("way", ["start", "unfence"])
def test_socket_that_failed_meanwhile_listens_again_before_the_server_starts(rig: SystemdRig, way: str) -> None:
    rig.mark("listening")
    before = rig.power.state().policy
    assert before == RestartPolicy(name=UNMASKED, triggers=("mariadb.socket",))
    rig.power.stop(timeout_seconds=5, wait=rig.wait)
    (rig.directory / "listening").unlink()

    if way == "unfence":
        rig.power.unfence(before)
    rig.power.start(before)

    assert (rig.directory / "listening").exists()
    assert rig.calls.index("start mariadb.socket") < rig.calls.index("start --no-block mariadb.service")


def test_socket_that_nobody_had_started_stays_as_it_is(rig: SystemdRig) -> None:
    rig.mark("broken")

    before = rig.power.state().policy
    rig.power.stop(timeout_seconds=5, wait=rig.wait)
    rig.power.start(before)

    assert before == RestartPolicy(name=UNMASKED)
    assert "start mariadb.socket" not in rig.calls


def test_socket_that_cannot_be_started_keeps_no_server_down(rig: SystemdRig) -> None:
    rig.mark("broken")
    rig.power.stop(timeout_seconds=5, wait=rig.wait)

    rig.power.start(RestartPolicy(name=UNMASKED, triggers=("mariadb.socket",)))

    assert "start mariadb.socket" in rig.calls
    assert rig.power.state().is_running


def test_fence_that_has_no_effect_keeps_the_server_from_being_stopped(rig: SystemdRig) -> None:
    rig.mark("outranked")

    with pytest.raises(ServerError):
        rig.power.stop(timeout_seconds=5, wait=rig.wait)

    assert rig.power.state().is_running


def test_process_that_even_kill_does_not_end_is_said(rig: SystemdRig) -> None:
    (rig.programs / "systemctl").write_text("#!/bin/sh\necho LoadState=masked\necho ActiveState=active\n")

    with pytest.raises(ServerStillRunningError, match="cannot even be killed"):
        rig.power.end()


def test_systemd_that_is_away_may_come_back(rig: SystemdRig) -> None:
    rig.mark("away")

    with pytest.raises(ServerError, match="Failed to connect to bus") as caught:
        rig.power.state()

    assert caught.value.retryable


def test_host_without_systemctl_is_said(tmp_path: Path) -> None:
    power = SystemdPower(
        "mysql.service", docker=Docker("unix:///nonexistent"), clock=FakeClock(), search_path=str(tmp_path)
    )

    with pytest.raises(ServerError, match="systemctl is not installed"):
        power.state()


def test_log_without_a_journal_is_empty(rig: SystemdRig) -> None:
    rig.say("something")
    (rig.programs / "journalctl").write_text("#!/bin/sh\nexit 1\n")

    assert rig.power.log_since(rig.now()) == ()


def test_host_without_docker_has_no_other_users(rig: SystemdRig) -> None:
    assert rig.power.other_users([rig.directory]) == ()


def test_server_does_not_wait_for_the_end_of_a_daemon_that_stops_only_when_the_server_is_up(tmp_path: Path) -> None:
    rig = SystemdRig(tmp_path)
    rig.power.stop(timeout_seconds=5, wait=rig.clock.go)
    rig.mark("leaving")

    rig.power.start()

    assert rig.power.state().is_running
    assert rig.calls[-1] == "start --no-block --job-mode=ignore-dependencies mariadb.service"


def test_start_that_was_queued_has_not_failed_when_systemd_says_nothing_of_the_daemon(tmp_path: Path) -> None:
    rig = SystemdRig(tmp_path)
    rig.power.stop(timeout_seconds=5, wait=rig.clock.go)
    rig.mark("speechless")

    rig.power.start()

    assert rig.power.state().is_running


def test_order_of_units_counts_while_the_daemon_stays(tmp_path: Path) -> None:
    rig = SystemdRig(tmp_path)
    rig.power.stop(timeout_seconds=5, wait=rig.clock.go)

    rig.power.start()

    assert rig.calls[-1] == "start --no-block mariadb.service"
