"""A reader that leaves early, as in ``octeth-backupd check-config | head -1``: quiet, and told by the exit code."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from octeth_backupd.cli.reader import READER_LEFT, until_reader_leaves

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOT = Path(__file__).parents[3]
NOWHERE = "/nowhere/control.sock"
CONFIG = 'servers.oempro.container = "oempro_mysql"\nschedules.timezone = "UTC"\n'


def run(module: str, arguments: Sequence[str], *, stream: str = "stdout") -> tuple[int, str]:
    """Run a program whose output, or errors, nobody reads; return its exit code and what it said on the other."""
    program = f"import sys; from {module} import main; sys.exit(main())"
    reading, writing = os.pipe()
    os.close(reading)
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with os.fdopen(writing, "wb") as closed:
        done = subprocess.run(
            [sys.executable, "-c", program, *arguments],
            **{**streams, stream: closed},  # type: ignore[call-overload]
            cwd=ROOT,
            text=True,
            env={"PATH": os.environ["PATH"]},
        )
    return done.returncode, done.stderr if stream == "stdout" else done.stdout


@pytest.mark.parametrize(
    ("module", "arguments"),
    [
        ("octeth_backupd.cli.ctl", ("--help",)),
        ("octeth_backupd.cli.ctl", ("version", "--socket", NOWHERE)),
        ("octeth_backupd.cli.ctl", ("--json", "status", "--socket", NOWHERE)),
        ("octeth_backupd.cli.daemon", ("--help",)),
        ("octeth_backupd.cli.daemon", ("check-config", "--config", "CONFIG")),
        ("octeth_backupd.cli.daemon", ("check-config", "--json", "--config", "CONFIG")),
    ],
)
def test_reader_that_leaves_early_is_no_error_to_complain_about(
    module: str, arguments: Sequence[str], tmp_path: Path
) -> None:
    config = tmp_path / "config.toml"
    config.write_text(CONFIG)
    config.chmod(0o600)

    code, said = run(module, [str(config) if one == "CONFIG" else one for one in arguments])

    assert (code, "Traceback" in said, "Exception" in said) == (READER_LEFT, False, False)


def test_nobody_who_reads_the_errors_is_no_error_either() -> None:
    code, said = run("octeth_backupd.cli.ctl", ("status", "--socket", NOWHERE), stream="stderr")

    assert (code, said) == (READER_LEFT, "")


def test_another_broken_pipe_is_an_error_as_any(capfd: pytest.CaptureFixture[str]) -> None:
    def program() -> int:
        raise BrokenPipeError("of a child")

    with pytest.raises(BrokenPipeError, match="of a child"):
        until_reader_leaves(program)


def test_exit_code_of_the_program_is_passed_on() -> None:
    assert until_reader_leaves(lambda: 8) == 8
