"""Faults at an exact operation of the daemon, from outside: the interpreter's own audit events, by sitecustomize.

Python raises an audit event before it opens, links, renames or removes a file. A ``sitecustomize`` module that only the
tested process finds listens to them, and kills the process, or lets it wait at a gate, *before* a chosen operation. The
daemon holds no code for this.

Source:
    Python documentation, "Audit events table"; ``site``, "Module contents" (sitecustomize).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tests.environment.gate import Gate

_STOPS_NAME = "stops.json"
_PROGRAM = """\
import os, re, signal, sys, time
from _thread import get_ident

_EVENTS = {"open", "os.link", "os.remove", "os.rename", "os.mkdir", "os.rmdir", "shutil.rmtree"}
_FURTHER_EVENTS = {"ctypes.dlsym", "http.client.send", "socket.connect"}
_die = re.compile(os.environ.get("FAULT_DIE_BEFORE") or "(?!)")
_wait = re.compile(os.environ.get("FAULT_WAIT_BEFORE") or "(?!)")
_reached, _closed = os.environ.get("FAULT_REACHED", ""), os.environ.get("FAULT_CLOSED", "")
_beneath = os.environ.get("FAULT_BENEATH") or "\\0"
_number = int(os.environ.get("FAULT_DIE_BEFORE_CHANGE") or 0)
_count, _begun, _waiting = 0, False, False
_STATE = re.compile(rb'"state": "([a-z_]+)"')
_stops_file = os.environ.get("FAULT_STOPS", "")
_stops = []
_busy = set()


def _changes(event, args):
    if event == "open":
        return isinstance(args[2], int) and bool(args[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT))
    return True


def _with_state(event, text, args):
    if event == "os.rename" and "/restores/" in str(args[1]):
        with open(args[0], "rb") as file:
            found = _STATE.search(file.read())
        return text + " state=" + (found[1].decode() if found else "")
    return text


def _load_stops():
    import json
    with open(_stops_file) as file:
        for stop in json.load(file):
            _stops.append({**stop, "patterns": [re.compile(text) for text in stop["patterns"]], "thread": 0})


def _hold(reached, closed):
    os.close(os.open(reached, os.O_CREAT | os.O_WRONLY))
    while os.path.lexists(closed):
        time.sleep(0.02)


def _go_along(event, args):
    thread = get_ident()
    if thread in _busy:
        return
    _busy.add(thread)
    try:
        text = _with_state(event, " ".join(map(str, (event, *args))), args)
        if text.endswith(" state=staging"):
            _stops.clear()
            _load_stops()
        for stop in _stops:
            if not stop["patterns"] or stop["thread"] not in {0, thread} or not stop["patterns"][0].search(text):
                continue
            stop["patterns"].pop(0)
            stop["thread"] = thread
            if not stop["patterns"]:
                _hold(stop["reached"], stop["closed"])
    finally:
        _busy.discard(thread)


def _watch(event, args):
    global _count, _begun, _waiting
    if _stops_file and event in _EVENTS | _FURTHER_EVENTS:
        _go_along(event, args)
    if event not in _EVENTS:
        return
    text = " ".join(map(str, (event, *args)))
    if _die.search(text):
        os.kill(os.getpid(), signal.SIGKILL)
    if _wait.search(text) and not _waiting and os.path.lexists(_closed):
        _waiting = True
        _hold(_reached, _closed)
        _waiting = False
    if _beneath in text and _changes(event, args):
        _begun = _begun or ".workspace/" in text
        _count += _begun
        if _begun and _count == _number:
            os.kill(os.getpid(), signal.SIGKILL)


sys.addaudithook(_watch)
"""


@dataclass(frozen=True, kw_only=True)
class Stop:
    """One place where a thread of the daemon waits at a gate, once.

    Attributes:
        patterns: Regular expressions over ``EVENT ARGUMENT…``, to be met one after the other and in one thread; it
            waits before the last one. The write of a restore's journal ends in ``state=STATE``, renames that Python
            itself does not have are ``ctypes.dlsym … renameat2``, requests to the Docker engine ``http.client.send``,
            connections ``socket.connect``.
        gate: Where it waits.
    """

    patterns: Sequence[str]
    gate: Gate


def stoppable(directory: Path) -> dict[str, str]:
    """Return the environment in which a daemon waits at the stops that ``stop_at`` has named, none at first.

    Args:
        directory: Where to write the module.
    """
    environment = {**_installed(directory), "FAULT_STOPS": str(directory / _STOPS_NAME)}
    stop_at(directory, [])
    return environment


def stop_at(directory: Path, stops: Sequence[Stop]) -> None:
    """Let the next restore that begins in a stoppable process wait at gates on its way.

    Args:
        directory: As given to ``stoppable``.
        stops: Each with a gate of its own.
    """
    listed = [
        {"patterns": list(stop.patterns), "reached": str(stop.gate.reached), "closed": str(stop.gate.closed)}
        for stop in stops
    ]
    (directory / _STOPS_NAME).write_text(json.dumps(listed))


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
