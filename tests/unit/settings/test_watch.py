"""Standing warnings about the configuration file."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from octeth_backupd.daemon.services import ServiceState
from octeth_backupd.errors import ConfigurationError
from octeth_backupd.settings.load import load
from octeth_backupd.settings.watch import EDITED, EDITING, JUDGED_EVERY, RESTART, ConfigurationWatch
from tests.fakes.clock import FakeClock
from tests.unit.settings.conftest import GOOD_SERVER, ZONE

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

GOOD = GOOD_SERVER + ZONE
OTHER_SOCKET = f'{GOOD}[control]\nsocket = "/srv/x.sock"\n'
MISSPELT = f"{GOOD}timezne = 1\n"


class Bench:
    """A watch of a daemon that was started with a good file."""

    def __init__(self, write: Callable[[str], Path]) -> None:
        self.write = write
        self.path = write(GOOD)
        self.state = ServiceState()
        self.warnings = self.state.warnings
        self.clock = FakeClock()
        started_with = load(self.path, {})
        self.watch = ConfigurationWatch(self.path, {}, started_with=started_with, state=self.state, clock=self.clock)

    def reload(self, text: str) -> None:
        self.watch.reloaded(load(self.write(text), {}))

    def refuse(self) -> None:
        with pytest.raises(ConfigurationError) as refused:
            load(self.path, {})
        self.watch.refused(refused.value)

    def look_after(self, wait: timedelta) -> None:
        self.clock.go(wait.total_seconds())
        self.watch.look()


@pytest.fixture
def bench(write_config: Callable[[str], Path]) -> Bench:
    return Bench(write_config)


def test_a_reload_that_changes_the_socket_says_that_a_restart_is_needed(bench: Bench) -> None:
    bench.reload(OTHER_SOCKET)

    assert "control" in bench.warnings[RESTART]
    assert "systemctl restart octeth-backupd" in bench.warnings[RESTART]


def test_no_restart_is_needed_once_the_file_is_as_at_the_start(bench: Bench) -> None:
    bench.reload(OTHER_SOCKET)

    bench.reload(GOOD)

    assert bench.warnings == {}


def test_mistakes_in_the_file_are_warned_of_although_no_reload_reached_the_daemon(bench: Bench) -> None:
    bench.write(MISSPELT)

    bench.watch.look()

    assert "the next start would fail" in bench.state.file_mistakes
    assert "timezne" in bench.state.file_mistakes


def test_the_warning_ends_when_the_file_is_good_again(bench: Bench) -> None:
    bench.write(MISSPELT)
    bench.watch.look()
    bench.write(GOOD + "\n")

    bench.watch.look()

    assert bench.state == ServiceState()


def test_a_file_that_is_gone_is_warned_of(bench: Bench) -> None:
    bench.path.unlink()

    bench.watch.look()

    assert bench.state.file_mistakes


def test_a_refused_reload_is_not_told_twice(bench: Bench) -> None:
    bench.write(MISSPELT)
    bench.watch.look()

    bench.refuse()
    bench.watch.look()

    assert "timezne" in bench.state.configuration_error
    assert bench.state.file_mistakes == ""


def test_a_file_that_did_not_change_is_not_read_again(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise AssertionError

    monkeypatch.setattr("octeth_backupd.settings.watch.examine", fail)

    bench.watch.look()

    assert bench.warnings == {}


def test_what_the_file_names_and_is_gone_is_found_within_the_hour(bench: Bench, tmp_path: Path) -> None:
    password = tmp_path / "password"
    password.write_text("secret")
    password.chmod(0o600)
    bench.reload(GOOD.replace("[servers.oempro]", f'[servers.oempro]\npassword_file = "{password}"', 1))
    password.unlink()

    bench.look_after(JUDGED_EVERY)
    bench.look_after(EDITING)

    broken = bench.watch.broken_file()
    assert broken is not None
    assert str(password) in broken.mistake


def test_mistakes_are_told_when_they_stay_for_ten_minutes_until_the_file_is_fine(bench: Bench) -> None:
    bench.write(MISSPELT)
    bench.watch.look()
    found_at = bench.clock.now()
    assert bench.watch.broken_file() is None

    bench.look_after(EDITING)

    told = bench.watch.broken_file()
    assert told is not None
    assert (told.path, told.since, told.was_refused) == (str(bench.path), found_at, False)
    assert "timezne" in told.mistake

    bench.write(GOOD)
    bench.watch.look()

    assert bench.watch.broken_file() is None


def test_mistakes_that_a_reload_was_refused_for_are_told_at_once_until_the_file_is_fine(bench: Bench) -> None:
    bench.write(MISSPELT)

    bench.refuse()

    told = bench.watch.broken_file()
    assert told is not None
    assert told.was_refused

    bench.write(GOOD)
    bench.watch.look()

    assert bench.watch.broken_file() is None
    assert bench.state.configuration_error


def test_a_reload_that_succeeds_ends_all_that_was_said_of_the_file(bench: Bench) -> None:
    bench.write(MISSPELT)
    bench.refuse()

    bench.reload(GOOD)

    assert bench.watch.broken_file() is None
    assert bench.state == ServiceState()


def test_a_file_that_was_edited_and_not_reloaded_is_warned_of_after_ten_minutes(bench: Bench) -> None:
    bench.write(OTHER_SOCKET)
    bench.watch.look()
    assert bench.warnings == {}

    bench.look_after(EDITING)
    assert "to take it up: systemctl reload octeth-backupd" in bench.warnings[EDITED]

    bench.write(GOOD)
    bench.watch.look()
    assert bench.warnings == {}


def test_another_comment_is_no_change(bench: Bench) -> None:
    bench.write(f"# mine\n{GOOD}")
    bench.watch.look()

    bench.look_after(EDITING)

    assert bench.warnings == {}
