"""The engine for a server: there, fitting, installed."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

import pytest

from octeth_backupd.errors import ProgramError
from octeth_backupd.settings.settings import Settings
from octeth_backupd.setup.engine import install, look_at_engine, run_commands, trial_parts
from tests.fakes.clock import FakeClock
from tests.fakes.server import FakeServer
from tests.unit.setup.build import runner

if TYPE_CHECKING:
    from pathlib import Path

VERSION = "echo 'xtrabackup version {} based on MySQL server {} Linux (x86_64) (revision id: 0)' >&2"


def _settings(directory: Path) -> Settings:
    return Settings.model_validate(
        {
            "servers": {"oempro": {"address": "127.0.0.1"}},
            "local": {"directory": str(directory / "backups")},
            "schedules": {"timezone": "UTC"},
        }
    )


@pytest.mark.parametrize(("version", "fits"), [("9.7.4-1", True), ("8.0.35-31", False)])
def test_engine_on_this_host_fits_or_not_by_its_series(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str, fits: bool
) -> None:
    runner(tmp_path / "bin", xtrabackup=VERSION.format(version, version))
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")

    standing = look_at_engine(FakeServer(tmp_path), _settings(tmp_path), FakeClock())

    assert standing.fits is fits
    assert "server 9.7.4" in standing.words


def test_engine_that_is_not_there_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    standing = look_at_engine(FakeServer(tmp_path), _settings(tmp_path), FakeClock())

    assert not standing.fits
    assert standing.words == "xtrabackup is not installed"


def test_server_of_which_nothing_is_known_has_no_engine_yet(tmp_path: Path) -> None:
    server = FakeServer(tmp_path)
    server.surveyed = type(server.surveyed)()

    assert not look_at_engine(server, _settings(tmp_path), FakeClock()).fits


def test_catalog_of_a_trial_is_thrown_away(tmp_path: Path) -> None:
    with trial_parts(_settings(tmp_path), FakeClock()) as parts:
        assert parts.catalog.last_good_backup("oempro") is None

    assert list(tmp_path.iterdir()) == []


def test_commands_are_shown_run_in_turn_and_see_a_home(tmp_path: Path) -> None:
    said: list[str] = []

    run_commands(
        (("one", "a b"), ("two",)), runner(tmp_path, one='echo "$HOME $DEBIAN_FRONTEND: $1"', two="exit 0"), said.append
    )

    assert said == ["$ one 'a b'", "  /root noninteractive: a b", "$ two"]


def test_command_that_fails_is_the_last(tmp_path: Path) -> None:
    said: list[str] = []

    with pytest.raises(ProgramError, match="one ended with 3"):
        run_commands((("one",), ("two",)), runner(tmp_path, one="exit 3", two="exit 0"), said.append)

    assert said == ["$ one"]


def test_command_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ProgramError, match="apt-get-nowhere is not installed"):
        run_commands((("apt-get-nowhere",),), runner(tmp_path), lambda _: None)


def test_package_manager_ends_by_itself_although_somebody_asks_setup_to_end(tmp_path: Path) -> None:
    def end(*_: object) -> None:
        raise KeyboardInterrupt

    asks = f"kill -HUP {os.getpid()}; sleep 0.2; touch {tmp_path}/done"
    before = signal.signal(signal.SIGHUP, end)
    try:
        with pytest.raises(KeyboardInterrupt):
            install((("one",), ("two",)), runner(tmp_path, one=asks, two=f"touch {tmp_path}/second"), lambda _: None)
    finally:
        signal.signal(signal.SIGHUP, before)

    assert (tmp_path / "done").exists()
    assert not (tmp_path / "second").exists()


def test_package_manager_goes_on_when_nobody_sees_what_it_says(tmp_path: Path) -> None:
    def lost(text: str) -> None:
        if text.startswith("  "):
            raise OSError(5, "Input/output error")

    install((("one",),), runner(tmp_path, one=f"echo a; sleep 0.1; echo b; touch {tmp_path}/done"), lost)

    assert (tmp_path / "done").exists()
