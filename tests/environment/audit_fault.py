"""Faults at an exact operation of the daemon, from outside: the interpreter's own audit events, by sitecustomize.

Python raises an audit event before it opens, links, renames or removes a file. A ``sitecustomize`` module that only the
tested process finds listens to them, and kills the process, or lets it wait at a gate, *before* a chosen operation. The
daemon holds no code for this.

Source:
    Python documentation, "Audit events table"; ``site``, "Module contents" (sitecustomize).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from tests.environment.gate import Gate

_PROGRAM = """\
import os, re, signal, sys, time

_EVENTS = {"open", "os.link", "os.remove", "os.rename", "os.mkdir", "os.rmdir", "shutil.rmtree"}
_die = re.compile(os.environ.get("FAULT_DIE_BEFORE") or "(?!)")
_wait = re.compile(os.environ.get("FAULT_WAIT_BEFORE") or "(?!)")
_reached, _closed = os.environ.get("FAULT_REACHED", ""), os.environ.get("FAULT_CLOSED", "")
_beneath = os.environ.get("FAULT_BENEATH") or "\\0"
_number = int(os.environ.get("FAULT_DIE_BEFORE_CHANGE") or 0)
_count, _begun, _waiting = 0, False, False


def _changes(event, args):
    if event == "open":
        return isinstance(args[2], int) and bool(args[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT))
    return True


def _watch(event, args):
    global _count, _begun, _waiting
    if event not in _EVENTS:
        return
    text = " ".join(map(str, (event, *args)))
    if _die.search(text):
        os.kill(os.getpid(), signal.SIGKILL)
    if _wait.search(text) and not _waiting and os.path.lexists(_closed):
        _waiting = True
        os.close(os.open(_reached, os.O_CREAT | os.O_WRONLY))
        while os.path.lexists(_closed):
            time.sleep(0.02)
        _waiting = False
    if _beneath in text and _changes(event, args):
        _begun = _begun or ".workspace/" in text
        _count += _begun
        if _begun and _count == _number:
            os.kill(os.getpid(), signal.SIGKILL)


sys.addaudithook(_watch)
"""


def die_before(directory: Path, operation: str) -> dict[str, str]:
    """Return the environment in which a Python process kills itself before a file operation.

    Args:
        directory: Where to write the module.
        operation: Regular expression over ``EVENT ARGUMENT…``, such as ``^os.link .*[.]json ``.
    """
    return {**_installed(directory), "FAULT_DIE_BEFORE": operation}


def wait_before(directory: Path, operation: str, gate: Gate) -> dict[str, str]:
    """Return the environment in which a Python process waits at a gate before a file operation."""
    return {
        **_installed(directory),
        "FAULT_WAIT_BEFORE": operation,
        "FAULT_REACHED": str(gate.reached),
        "FAULT_CLOSED": str(gate.closed),
    }


def die_before_change(directory: Path, *, beneath: Path, number: int) -> dict[str, str]:
    """Return the environment in which a Python process kills itself before the n-th change to files.

    Args:
        directory: Where to write the module.
        beneath: Only changes in this directory count, from the first one in a workspace on.
        number: Counted from 1.
    """
    environment = {"FAULT_BENEATH": str(beneath), "FAULT_DIE_BEFORE_CHANGE": str(number)}
    return {**_installed(directory), **environment}


def _installed(directory: Path) -> dict[str, str]:
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "sitecustomize.py").write_text(_PROGRAM)
    return {"PYTHONPATH": str(directory)}
