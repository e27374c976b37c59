"""That the daemon would not be started at boot is found by itself, and nothing is said where nobody can tell."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from structlog.testing import capture_logs

from octeth_backupd.daemon.boot_watch import LOOK_EVERY, NAME, BootWatch
from octeth_backupd.domain.checks import CheckStatus
from octeth_backupd.process.host import DEFAULT_PATH
from tests.fakes.clock import FakeClock

if TYPE_CHECKING:
    from pathlib import Path

UNIT = "octeth-backupd.service"


class Systemctl:
    """A systemctl that knows one unit, and counts how often it is asked."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.clock = FakeClock()
        self.warnings: dict[str, str] = {}
        self.watch = BootWatch(
            clock=self.clock, warnings=self.warnings, unit=UNIT, search_path=f"{directory}:{DEFAULT_PATH}"
        )

    def says(self, state: str, *, code: int = 0) -> None:
        """Install it."""
        program = self.directory / "systemctl"
        asked = self.directory / "asked"
        program.write_text(f'#!/bin/sh\necho "$*" >> {asked}\necho "{state}"\nexit {code}\n')
        program.chmod(0o755)

    @property
    def asked(self) -> list[str]:
        """What it was asked, in order."""
        return (self.directory / "asked").read_text().splitlines()

    def look(self) -> None:
        """Have the watch look, and wait for its thread."""
        self.watch.look()
        if self.watch._thread is not None:
            self.watch._thread.join()


@pytest.fixture
def systemctl(tmp_path: Path) -> Systemctl:
    return Systemctl(tmp_path)


@pytest.mark.parametrize(
    ("state", "command"),
    [
        ("disabled", "systemctl enable octeth-backupd"),
        ("enabled-runtime", "systemctl enable octeth-backupd"),
        ("linked", "systemctl enable octeth-backupd"),
        ("transient", "systemctl enable octeth-backupd"),
        ("not-found", "systemctl enable octeth-backupd"),
        ("masked", "systemctl unmask octeth-backupd && systemctl enable octeth-backupd"),
        ("masked-runtime", "systemctl unmask octeth-backupd && systemctl enable octeth-backupd"),
    ],
)
def test_unit_that_is_not_started_at_boot_is_a_warning_with_the_command(
    systemctl: Systemctl, state: str, command: str
) -> None:
    systemctl.says(state, code=1)

    [result] = systemctl.watch.diagnose()

    assert (result.name, result.status, result.command) == ("boot", CheckStatus.WARNING, command)
    assert f"{UNIT} is {state}: after the next reboot there are no backups" in result.summary
    assert command in systemctl.warnings[NAME]
    assert systemctl.asked == [f"is-enabled -- {UNIT}"]


@pytest.mark.parametrize("state", ["enabled", "static", "generated", "alias", "indirect"])
def test_unit_that_is_started_at_boot_is_none(systemctl: Systemctl, state: str) -> None:
    systemctl.says(state)

    [result] = systemctl.watch.diagnose()

    assert (result.status, systemctl.warnings) == (CheckStatus.PASSED, {})


def test_warning_is_logged_once_and_ends_within_a_minute_of_being_answered(systemctl: Systemctl) -> None:
    systemctl.says("disabled", code=1)

    with capture_logs() as logs:
        systemctl.look()
        systemctl.look()
    assert [entry["event"] for entry in logs] == ["daemon.not_started_at_boot"]
    assert NAME in systemctl.warnings

    systemctl.says("enabled")
    systemctl.look()
    assert systemctl.warnings == {}


def test_without_a_warning_systemd_is_asked_once_an_hour(systemctl: Systemctl) -> None:
    systemctl.says("enabled")

    systemctl.look()
    systemctl.look()
    assert len(systemctl.asked) == 1

    systemctl.clock.go(LOOK_EVERY.total_seconds())
    systemctl.look()
    assert len(systemctl.asked) == 2


def test_systemctl_that_only_complains_says_nothing(systemctl: Systemctl) -> None:
    systemctl.says("Failed to connect to bus: Host is down", code=1)

    assert systemctl.watch.diagnose() == []
    assert systemctl.warnings == {}


def test_a_warning_stays_while_systemd_cannot_be_asked(systemctl: Systemctl) -> None:
    systemctl.says("disabled", code=1)
    systemctl.look()
    systemctl.says("Failed to connect to bus: Host is down", code=1)

    systemctl.look()

    assert NAME in systemctl.warnings


def test_host_without_systemctl_says_nothing(tmp_path: Path) -> None:
    watch = BootWatch(clock=FakeClock(), warnings={}, unit=UNIT, search_path=str(tmp_path))

    assert watch.diagnose() == []


def test_daemon_that_systemd_does_not_wait_for_is_no_unit(
    systemctl: Systemctl, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    systemctl.says("disabled", code=1)
    watch = BootWatch(clock=systemctl.clock, warnings=systemctl.warnings, search_path=str(systemctl.directory))

    watch.look()

    assert watch.diagnose() == []
    assert not (systemctl.directory / "asked").exists()
