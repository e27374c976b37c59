"""engines.invocation."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from octeth_backupd.domain.server import Version
from octeth_backupd.engines.invocation import ask_version, run_judged
from octeth_backupd.errors import EngineError
from octeth_backupd.process.cancellation import Cancellation
from octeth_backupd.process.command import Command
from tests.fakes.runner import ScriptedRunner

if TYPE_CHECKING:
    from octeth_backupd.engines.base import EngineVersion

_PATTERN = re.compile(r"frob version (?P<version>\d+\.\d+\.\d+)")


def _ask(runner: ScriptedRunner) -> EngineVersion:
    return ask_version(runner, "frob", pattern=_PATTERN, product="Frob", cancellation=Cancellation())


def test_every_line_is_judged_and_handed_on() -> None:
    lines: list[str] = []
    runner = ScriptedRunner(
        ["a", "[00] FATAL ERROR: 2026-11-22 11:17:34 failed to copy datafile.", "completed OK!", ""]
    )

    run = run_judged(runner, Command(program="frob"), on_line=lines.append, cancellation=Cancellation())

    assert len(lines) == 4
    assert run.last_line == "completed OK!"
    assert len(run.error_lines) == 1


def test_version_is_found_among_other_lines() -> None:
    version = _ask(ScriptedRunner(["recognized server arguments: --x", " frob version 8.0.35-31 based on y "]))

    assert version.version == Version(major=8, minor=0, patch=35)
    assert version.text == "frob version 8.0.35-31 based on y"


@pytest.mark.parametrize(("lines", "said"), [(["what?"], "what"), ([], "nothing")])
def test_answer_without_a_version_is_an_error_that_repeats_it(lines: list[str], said: str) -> None:
    with pytest.raises(EngineError, match=said) as caught:
        _ask(ScriptedRunner(lines, exit_code=1))

    assert caught.value.hint


def test_asking_does_not_take_for_ever() -> None:
    runner = ScriptedRunner(["frob version 1.2.3"])

    _ask(runner)

    assert runner.commands[0].vector == ("frob", "--version")
    assert runner.timeouts[0] > 0
