"""Standing warnings about the configuration file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from octeth_backupd.settings.load import load
from octeth_backupd.settings.watch import MISTAKES, RESTART, ConfigurationWatch
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
        self.warnings: dict[str, str] = {}
        self.watch = ConfigurationWatch(self.path, {}, started_with=load(self.path, {}), warnings=self.warnings)

    def reload(self, text: str) -> None:
        self.watch.reloaded(load(self.write(text), {}))


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

    assert "the next start would fail" in bench.warnings[MISTAKES]
    assert "timezne" in bench.warnings[MISTAKES]


def test_the_warning_ends_when_the_file_is_good_again(bench: Bench) -> None:
    bench.write(MISSPELT)
    bench.watch.look()
    bench.write(GOOD + "\n")

    bench.watch.look()

    assert bench.warnings == {}


def test_a_file_that_is_gone_is_warned_of(bench: Bench) -> None:
    bench.path.unlink()

    bench.watch.look()

    assert MISTAKES in bench.warnings


def test_a_refused_reload_is_not_told_twice(bench: Bench) -> None:
    bench.write(MISSPELT)
    bench.watch.look()

    bench.watch.reloaded(None)
    bench.watch.look()

    assert bench.warnings == {}


def test_a_file_that_did_not_change_is_not_read_again(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise AssertionError

    monkeypatch.setattr("octeth_backupd.settings.watch.examine", fail)

    bench.watch.look()

    assert bench.warnings == {}
