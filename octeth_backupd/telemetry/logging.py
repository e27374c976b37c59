"""Logs: fields in the journal, coloured text for a terminal, one JSON object a line elsewhere.

Event names are constant and dotted; everything that varies is a field. Records of libraries (APScheduler, uvicorn) take
the same way. Every value passes the redactor last, so that a secret in a library's message does not get out.
"""

from __future__ import annotations

import logging
import os
import sys
from typing import TYPE_CHECKING, Any, Literal

import structlog

from octeth_backupd.telemetry.journal import JournalHandler, is_journal

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TextIO

LogFormat = Literal["auto", "json", "pretty"]

_SYSLOG_PRIORITIES = {"debug": 7, "info": 6, "warning": 4, "error": 3, "critical": 2}
_QUIET_LIBRARIES = (
    "apscheduler",
    "urllib3",
    "docker",
    "uvicorn",
    "uvicorn.error",
    "uvicorn.access",
    "httpx",
    "asyncio",
)


def configure_logging(
    *,
    log_format: LogFormat = "auto",
    level: str = "info",
    redact: Callable[[str], str] = str,
    stream: TextIO | None = None,
) -> None:
    """Set up structlog and the standard library's logging for the whole process.

    Args:
        log_format: ``auto`` is pretty on a terminal, the journal's fields under systemd, and JSON elsewhere.
        level: Lowest level written.
        redact: Applied to every text that is written.
        stream: Where to write; standard error when None.
    """
    out = stream or sys.stderr
    pretty = log_format == "pretty" or (log_format == "auto" and out.isatty())
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    root = logging.getLogger()
    root.setLevel(level.upper())
    for name in _QUIET_LIBRARIES:
        logging.getLogger(name).setLevel(logging.WARNING)
    if log_format == "auto" and is_journal(out, os.environ.get("JOURNAL_STREAM", "")):
        root.handlers = [JournalHandler(redact)]
        return
    renderer: Any = (
        structlog.dev.ConsoleRenderer(colors=out.isatty() and "NO_COLOR" not in os.environ)
        if pretty
        else structlog.processors.JSONRenderer(ensure_ascii=False, default=str)
    )
    final: list[Any] = [structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer, _Redaction(redact)]
    if not pretty and "JOURNAL_STREAM" in os.environ:
        final.append(_prefix_priority)
    handler = logging.StreamHandler(out)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=final))
    root.handlers = [handler]


class _Redaction:
    """The last processor: the finished line without secrets."""

    def __init__(self, redact: Callable[[str], str]) -> None:
        self._redact = redact

    def __call__(self, _logger: Any, _name: str, line: Any) -> Any:
        return self._redact(line) if isinstance(line, str) else line


def _prefix_priority(_logger: Any, _name: str, line: str) -> str:
    """Put ``<N>`` before the line, which the journal takes as PRIORITY and strips.

    Source:
        sd-daemon(3).
    """
    level = next((name for name in _SYSLOG_PRIORITIES if f'"level": "{name}"' in line), "info")
    return f"<{_SYSLOG_PRIORITIES[level]}>{line}"
