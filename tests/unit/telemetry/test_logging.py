"""Logs: JSON for the journal, without secrets."""

from __future__ import annotations

import io
import json
import logging
from typing import TYPE_CHECKING

import pytest
import structlog

from octeth_backupd.telemetry.logging import configure_logging

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def _untouched_logging() -> Iterator[None]:
    root = logging.getLogger()
    before, level = root.handlers, root.level
    yield
    root.handlers = before
    root.setLevel(level)
    structlog.reset_defaults()


def test_a_line_is_one_json_object_with_event_and_fields() -> None:
    out = io.StringIO()
    configure_logging(log_format="json", stream=out)

    structlog.get_logger("run").info("run.finished", run_id="r1", status="success")

    line = json.loads(out.getvalue())
    assert (line["event"], line["run_id"], line["status"], line["level"]) == ("run.finished", "r1", "success", "info")


def test_records_of_libraries_take_the_same_way() -> None:
    out = io.StringIO()
    configure_logging(log_format="json", stream=out)

    logging.getLogger("apscheduler").warning("store is slow")

    assert json.loads(out.getvalue())["event"] == "store is slow"


def test_secrets_are_redacted_wherever_they_stand() -> None:
    out = io.StringIO()
    configure_logging(log_format="json", stream=out, redact=lambda text: text.replace("s3cret", "***"))

    structlog.get_logger("x").error("failed", detail={"argument": "--password=s3cret"})

    assert "s3cret" not in out.getvalue()
    assert "***" in out.getvalue()


def test_an_exception_is_part_of_the_line() -> None:
    out = io.StringIO()
    configure_logging(log_format="json", stream=out)

    try:
        raise ValueError("bad page")
    except ValueError:
        structlog.get_logger("x").exception("run.internal_error")

    assert "ValueError: bad page" in json.loads(out.getvalue())["exception"]


@pytest.mark.parametrize(("level", "priority"), [("info", 6), ("warning", 4), ("error", 3), ("critical", 2)])
def test_the_journal_gets_the_priority_of_each_line(monkeypatch: pytest.MonkeyPatch, level: str, priority: int) -> None:
    monkeypatch.setenv("JOURNAL_STREAM", "8:1")
    out = io.StringIO()
    configure_logging(log_format="json", stream=out)

    getattr(structlog.get_logger("x"), level)("something")

    assert out.getvalue().startswith(f"<{priority}>{{")


def test_level_hides_what_is_below_it() -> None:
    out = io.StringIO()
    configure_logging(log_format="json", level="warning", stream=out)

    structlog.get_logger("x").info("program.output")

    assert out.getvalue() == ""
