"""The entry point: what every end of a command looks like."""

import io
import json
import subprocess
import sys
from pathlib import Path

import pytest

from octeth_backupd.cli import ctl
from octeth_backupd.cli.ctl.commands.status import StatusCommand

ROOT = Path(__file__).parents[4]
NOWHERE = "/nowhere/control.sock"


def test_without_a_daemon_it_says_how_to_start_it_and_ends_with_69(capsys: pytest.CaptureFixture[str]) -> None:
    code = ctl.main(["status", "--socket", NOWHERE])

    captured = capsys.readouterr()
    assert code == 69
    assert captured.out == ""
    assert f"no daemon answers at {NOWHERE}" in captured.err
    assert "systemctl enable --now octeth-backupd" in captured.err
    assert "octeth-backupd serve --config" in captured.err


def test_with_json_the_error_is_a_document_too(capsys: pytest.CaptureFixture[str]) -> None:
    ctl.main(["--json", "status", "--socket", NOWHERE])

    assert json.loads(capsys.readouterr().out)["error"]["code"] == "unavailable"


def test_ctrl_c_ends_with_130_and_no_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(*_: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(StatusCommand, "run", interrupted)

    assert ctl.main(["status"]) == 130
    assert capsys.readouterr().err == ""


def test_help_imports_nothing_slow() -> None:
    """The bar is a start below 0.25 s; on a busy machine only what is imported can be held to."""
    program = (
        "import sys\n"
        "from octeth_backupd.cli.ctl.parser import build_parser\n"
        "build_parser().format_help()\n"
        "print(' '.join(sorted(name for name in sys.modules if '.' not in name)))\n"
    )

    loaded = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT
    ).stdout

    assert {"httpx", "rich", "shtab", "pydantic", "fastapi", "sqlalchemy", "asyncio"} & set(loaded.split()) == set()


def test_an_output_that_cannot_show_a_character_gets_another(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding="ascii"))

    from octeth_backupd.cli.ctl.screen import Screen

    Screen.for_process(as_json=False).line("é")

    assert raw.getvalue() == b"?\n"
