from __future__ import annotations

import json
import os
import sys
import threading
from types import ModuleType
from typing import TYPE_CHECKING

import pytest

from octeth_backupd import __version__
from octeth_backupd.cli.daemon import main
from octeth_backupd.errors import BusyError

if TYPE_CHECKING:
    from pathlib import Path

    from octeth_backupd.settings.settings import Settings

GOOD = '[servers.oempro]\ncontainer = "oempro_mysql"\n[schedules]\ntimezone = "UTC"\n'


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in os.environ.copy():
        if name.startswith("OCTETH_BACKUPD_") or name.endswith(("S_DIRECTORY", "STATE_DIRECTORY", "RUNTIME_DIRECTORY")):
            monkeypatch.delenv(name)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "config.toml"
    path.write_text(GOOD)
    path.chmod(0o640)
    return path


@pytest.fixture
def app(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """A composition root that starts nothing."""
    module = ModuleType("octeth_backupd.app")
    monkeypatch.setitem(sys.modules, "octeth_backupd.app", module)
    monkeypatch.setattr("octeth_backupd.app", module, raising=False)
    return module


def test_good_configuration_is_summed_up(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = main(["check-config", "--config", str(config)])

    captured = capsys.readouterr()
    assert code == 0
    assert "oempro: container oempro_mysql" in captured.out
    assert captured.err == ""


def test_quiet_says_nothing_of_a_good_configuration(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = main(["check-config", "--quiet", "--config", str(config)])

    assert code == 0
    assert capsys.readouterr() == ("", "")


def test_quiet_tells_every_problem(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config.write_text(GOOD + "[bakcup]\n")

    code = main(["check-config", "--quiet", "--config", str(config)])

    assert code == 78
    assert "Did you mean backup?" in capsys.readouterr().err


def test_bad_configuration_ends_with_78_and_every_problem(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config.write_text(GOOD + "[retention]\ndaily = 0\n[bakcup]\n")

    code = main(["check-config", "--config", str(config)])

    captured = capsys.readouterr()
    assert code == 78
    assert captured.out == ""
    assert "2 problems in" in captured.err
    assert "retention.daily: must be at least 1" in captured.err
    assert "Did you mean backup?" in captured.err


def test_a_hook_that_must_not_be_run_is_a_problem(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config.write_text(GOOD + '[hooks]\nbefore_backup = [["/nowhere/hook"]]\n')

    code = main(["check-config", "--config", str(config)])

    assert code == 78
    assert "hooks.before_backup: /nowhere/hook does not exist" in capsys.readouterr().err


def test_json_has_the_problems_as_data(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config.write_text(GOOD + "[bakcup]\n")

    code = main(["check-config", "--json", "--config", str(config)])

    answer = json.loads(capsys.readouterr().out)
    assert code == 78
    assert answer["ok"] is False
    assert answer["problems"][0]["path"] == "bakcup"


def test_warning_does_not_make_a_configuration_bad(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config.write_text('[servers.oempro]\ncontainer = "x"\npassword = "canary"\n[schedules]\ntimezone = "UTC"\n')
    config.chmod(0o644)

    code = main(["check-config", "--config", str(config)])

    captured = capsys.readouterr()
    assert code == 0
    assert "every user may read the secret" in captured.err
    assert "canary" not in captured.err + captured.out


def test_serve_starts_the_daemon_with_the_configuration(config: Path, app: ModuleType) -> None:
    seen: list[object] = []

    def serve(settings: Settings, *, config_path: Path) -> int:
        seen.extend([settings.servers["oempro"].container, config_path])
        return 5

    app.serve = serve  # type: ignore[attr-defined]

    assert main(["serve", "--config", str(config)]) == 5
    assert seen == ["oempro_mysql", config]


def test_serve_refuses_a_bad_configuration_before_anything_starts(
    config: Path, app: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    config.write_text("[servers.oempro]\n")

    assert main(["serve", "--config", str(config)]) == 78
    assert "servers.oempro: one of container" in capsys.readouterr().err


def test_error_of_the_daemon_becomes_message_hint_and_exit_code(
    config: Path, app: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    def serve(settings: Settings, *, config_path: Path) -> int:
        raise BusyError("another daemon runs", hint="Stop it first.")

    app.serve = serve  # type: ignore[attr-defined]

    assert main(["serve", "--config", str(config)]) == 75
    assert capsys.readouterr().err == "octeth-backupd: another daemon runs\nStop it first.\n"


def test_version_is_the_packages(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--version"])

    assert ended.value.code == 0
    assert capsys.readouterr().out == f"octeth-backupd {__version__}\n"


@pytest.mark.parametrize(("error", "exit_code"), [(None, 5), (BusyError("another daemon runs"), 75)])
def test_process_ends_at_once_while_a_thread_of_the_daemon_goes_on(
    config: Path,
    app: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    error: BusyError | None,
    exit_code: int,
) -> None:
    """The interpreter's own end would take away what a thread in C code works with."""
    over = threading.Event()
    ended: list[int] = []

    def serve(settings: Settings, *, config_path: Path) -> int:
        threading.Thread(target=over.wait, daemon=True).start()
        if error is not None:
            raise error
        return 5

    app.serve = serve  # type: ignore[attr-defined]
    monkeypatch.setattr("os._exit", ended.append)

    main(["serve", "--config", str(config)])
    over.set()

    assert ended == [exit_code]
    assert capsys.readouterr().err == ("octeth-backupd: another daemon runs\n" if error else "")


@pytest.mark.parametrize("arguments", [[], ["set-up"], ["import"], ["serve", "extra"]])
def test_unknown_commands_are_refused(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)

    assert ended.value.code == 2
    assert "usage: octeth-backupd" in capsys.readouterr().err


def test_problems_are_errors_in_the_journal(
    config: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    config.write_text(GOOD + "timezne = 1\n")
    status = os.fstat(2)
    monkeypatch.setenv("JOURNAL_STREAM", f"{status.st_dev}:{status.st_ino}")
    monkeypatch.setattr(sys, "stderr", os.fdopen(os.dup(2), "w"))

    main(["check-config", "--config", str(config)])
    sys.stderr.close()

    lines = capfd.readouterr().err.splitlines()
    assert any("timezne" in line for line in lines)
    assert [line for line in lines if not line.startswith("<3>")] == []
