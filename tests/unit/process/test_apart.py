"""A script in a process of its own: what it gets, what it may answer, when it ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from octeth_backupd.errors import ProgramError, ProgramTimeoutError
from octeth_backupd.process.apart import ask_apart

if TYPE_CHECKING:
    from pathlib import Path


def script(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "script.py"
    path.write_text(f"import json, os, sys, time\nrequest = json.load(sys.stdin)\n{text}\n")
    return path


def test_the_answer_is_what_the_script_prints(tmp_path: Path) -> None:
    answer = ask_apart(
        script(tmp_path, "json.dump({'twice': request['number'] * 2}, sys.stdout)"), {"number": 21}, timeout_seconds=20
    )

    assert answer == {"twice": 42}


def test_nothing_of_the_environment_is_handed_on_but_proxies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OCTETH_BACKUPD_S3__SECRET_ACCESS_KEY", "canary")
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy:3128")

    answer = ask_apart(script(tmp_path, "json.dump(dict(os.environ), sys.stdout)"), {}, timeout_seconds=20)

    assert answer == {"PATH": answer["PATH"], "LC_ALL": "C.UTF-8", "TZ": "UTC", "HTTPS_PROXY": "http://proxy:3128"}


def test_the_request_is_in_no_argument(tmp_path: Path) -> None:
    answer = ask_apart(
        script(tmp_path, "json.dump({'arguments': sys.argv}, sys.stdout)"), {"secret": "canary"}, timeout_seconds=20
    )

    assert "canary" not in str(answer["arguments"])


def test_a_script_that_takes_too_long_is_ended(tmp_path: Path) -> None:
    with pytest.raises(ProgramTimeoutError, match=r"script\.py took longer than 0\.5 s"):
        ask_apart(script(tmp_path, "time.sleep(60)"), {}, timeout_seconds=0.5)


@pytest.mark.parametrize("text", ["sys.exit('canary')", "print('canary')", "print('[1]')", ""])
def test_a_script_that_does_not_answer_is_an_error_that_quotes_nothing(tmp_path: Path, text: str) -> None:
    with pytest.raises(ProgramError, match=r"script\.py ended with") as caught:
        ask_apart(script(tmp_path, text), {}, timeout_seconds=20)

    assert "canary" not in str(caught.value)


def test_a_python_that_is_gone_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.executable", "/nonexistent/python")

    with pytest.raises(ProgramError, match="cannot be started"):
        ask_apart(script(tmp_path, ""), {}, timeout_seconds=20)
