"""Log events as sentences that a person can read; the facts beside them are for machines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_OBJECTS = (("backup", "backup_id"), ("run", "run_id"))
_SAID_BY_THE_JOURNAL = frozenset({"timestamp", "level", "logger", "exception"})


def sentence(event: str, facts: Mapping[str, Any]) -> str:
    """Return what happened in words.

    Args:
        event: Constant dotted name, or the text of a library.
        facts: What was logged with it.
    """
    tell = _SENTENCES.get(event)
    said = tell(facts) if tell is not None else _plain(event, facts)
    exception = facts.get("exception")
    return f"{said}\n{exception}" if exception else said


def _plain(event: str, facts: Mapping[str, Any]) -> str:
    rest = " ".join(
        f"{key}={value}" for key, value in facts.items() if key not in _SAID_BY_THE_JOURNAL and value not in (None, "")
    )
    return f"{event}: {rest}" if rest else event


def _of(facts: Mapping[str, Any]) -> str:
    server = facts.get("server")
    return f"{facts.get('operation', 'run')} of {server}" if server else str(facts.get("operation", "run"))


def _finished(facts: Mapping[str, Any]) -> str:
    parts = [f"{_of(facts)}: {facts.get('status')}"]
    if facts.get("duration_seconds") is not None:
        parts.append(f"after {facts['duration_seconds']} s")
    if facts.get("backup_id"):
        parts.append(f"({facts['backup_id']})")
    said = " ".join(parts)
    reasons = ". ".join(str(facts[key]).rstrip(".") for key in ("error", "hint") if facts.get(key))
    return f"{said}: {reasons}" if reasons else said


def _step_finished(facts: Mapping[str, Any]) -> str:
    said = f"{_named_step(facts)}: {facts.get('status')} after {facts.get('duration_seconds')} s"
    return f"{said}: {facts['error']}" if facts.get("error") else said


def _named_step(facts: Mapping[str, Any]) -> str:
    """Return a step with its server, where the run is of one: a sync is of none."""
    return f"{facts['server']}: {facts.get('step')}" if facts.get("server") else str(facts.get("step"))


def _who(facts: Mapping[str, Any]) -> str:
    return f"{facts.get('user')} (uid {facts.get('uid')}, pid {facts.get('pid')})"


def _changed(facts: Mapping[str, Any]) -> str:
    said = f"{_who(facts)}: {facts.get('method')} {facts.get('path')}"
    if facts.get("asked"):
        said += " " + " ".join(f"{key}={value}" for key, value in facts["asked"].items())
    said += f": {facts.get('outcome')} ({facts.get('status')})"
    return said + "".join(f", {name} {facts[key]}" for name, key in _OBJECTS if facts.get(key))


_SENTENCES: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "run.queued": lambda facts: f"{_of(facts)} queued, for {facts.get('requested_by')}",
    "run.started": lambda facts: f"{_of(facts)} started",
    "run.warning": lambda facts: f"{facts.get('server') or _of(facts)}: {facts.get('message')}",
    "run.finished": _finished,
    "step.started": lambda facts: f"{_named_step(facts)} started",
    "step.finished": _step_finished,
    "program.output": lambda facts: f"{facts.get('program')}: {facts.get('line')}",
    "control.change": _changed,
    "control.denied": lambda facts: f"{_who(facts)}: {facts.get('method')} {facts.get('path')}: not allowed",
    "daemon.ready": lambda facts: f"ready, listening on {facts.get('socket')}",
    "daemon.stopped": lambda _: "stopped",
}
