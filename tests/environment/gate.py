"""Places where a program or the daemon waits until a test lets it go on: what is quick becomes catchable."""

from __future__ import annotations

import shlex
import time
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from pathlib import Path

_POLL_SECONDS = 0.02


class Gate:
    """A closed gate; whoever comes to it says so, and waits until it is opened.

    Args:
        directory: Holds its two files; made when absent.
    """

    def __init__(self, directory: Path) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self.closed = directory / "closed"
        self.reached = directory / "reached"
        self.close()

    def close(self) -> None:
        """Let nobody through."""
        self.reached.unlink(missing_ok=True)
        self.closed.touch()

    def open(self) -> None:
        """Let everybody through, from now on."""
        self.closed.unlink(missing_ok=True)

    def wait_until_reached(self, timeout_seconds: float = 120) -> None:
        """Return when somebody waits at the gate.

        Raises:
            TimeoutError: Nobody came.
        """
        limit = time.monotonic() + timeout_seconds
        while not self.reached.exists():
            if time.monotonic() > limit:
                raise TimeoutError(f"nobody came to {self.closed}")
            time.sleep(_POLL_SECONDS)


def install_gated_program(
    path: Path, program: str, *, argument: str, gate: Gate, when: Literal["before", "after"]
) -> Path:
    """Write a program that does what another does, and waits at a gate when it has a certain argument.

    Args:
        path: What to write; its name is that of the program it takes the place of.
        program: The real one.
        argument: The argument it waits for, such as ``--prepare``.
        gate: Where it waits.
        when: Before the real program starts, or when it has ended.
    """
    hold = "hold" if when == "before" else ":"
    then = "hold" if when == "after" else ":"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        f"""#!/bin/sh
hold() {{ : > {shlex.quote(str(gate.reached))}; while [ -e {shlex.quote(str(gate.closed))} ]; do sleep 0.05; done; }}
case " $* " in *" {argument} "*) ;; *) exec {shlex.quote(program)} "$@" ;; esac
{hold}
{shlex.quote(program)} "$@"
code=$?
{then}
exit $code
"""
    )
    path.chmod(0o755)
    return path
