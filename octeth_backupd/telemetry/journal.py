"""Log records as journal entries: a message for people, every fact as a field of its own.

Source:
    systemd, "Native Journal Protocol": a datagram of ``NAME=value`` lines, or of the name, a little-endian length and
    the value where it has line breaks; what is too large for a datagram goes as a sealed memory file. systemd.exec(5)
    on ``$JOURNAL_STREAM``; systemd.journal-fields(7).
"""

from __future__ import annotations

import errno
import fcntl
import json
import logging
import os
import re
import socket
import struct
import sys
import traceback
from typing import TYPE_CHECKING, Any

from octeth_backupd.telemetry.sentences import sentence

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from typing import TextIO

JOURNAL_SOCKET = "/run/systemd/journal/socket"
IDENTIFIER = "octeth-backupd"

_TOO_LARGE = frozenset({errno.EMSGSIZE, errno.ENOBUFS})
_TAKEN = frozenset({"MESSAGE", "PRIORITY", "EVENT", "TIMESTAMP", "LEVEL"})
_NAME = re.compile(r"[A-Z][A-Z0-9_]{0,63}", re.ASCII)
_PRIORITIES = (
    (logging.CRITICAL, 2),
    (logging.ERROR, 3),
    (logging.WARNING, 4),
    (logging.INFO, 6),
)


def is_journal(stream: TextIO, journal_stream: str) -> bool:
    """Return whether a stream is connected to the journal.

    Args:
        stream: Where the daemon writes.
        journal_stream: ``$JOURNAL_STREAM``: device and inode of that connection; empty without one.
    """
    try:
        status = os.fstat(stream.fileno())
    except (OSError, ValueError):
        return False
    return journal_stream == f"{status.st_dev}:{status.st_ino}"


class JournalHandler(logging.Handler):
    """Sends records to the journal; what it does not take goes to standard error, which the journal reads as well."""

    def __init__(self, redact: Callable[[str], str], *, path: str = JOURNAL_SOCKET) -> None:
        super().__init__()
        self._redact = redact
        self._path = path
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)

    def emit(self, record: logging.LogRecord) -> None:
        """Send one record."""
        fields = {name: self._redact(value) for name, value in journal_fields(record)}
        try:
            self._send(entry(fields))
        except OSError:
            print(fields["MESSAGE"], file=sys.stderr)  # noqa: T201 - the last way that is left

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()
        super().close()

    def _send(self, data: bytes) -> None:
        try:
            self._socket.sendto(data, self._path)
        except OSError as exc:
            if exc.errno not in _TOO_LARGE:
                raise
            self._send_file(data)

    def _send_file(self, data: bytes) -> None:
        descriptor = os.memfd_create("journal-entry", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        try:
            with os.fdopen(os.dup(descriptor), "wb") as file:
                file.write(data)
            seals = fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE | fcntl.F_SEAL_SEAL
            fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, seals)
            rights = struct.pack("i", descriptor)
            self._socket.sendmsg([], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, rights)], 0, self._path)
        finally:
            os.close(descriptor)


def journal_fields(record: logging.LogRecord) -> Iterator[tuple[str, str]]:
    """Yield the fields of a record: message and priority, then each fact under its name in capitals.

    A fact whose name cannot be a field's, or is one of the journal's own, is in the message only.
    """
    facts = _facts(record)
    event = str(facts.pop("event", ""))
    yield "MESSAGE", sentence(event, facts)
    yield "PRIORITY", str(next((number for level, number in _PRIORITIES if record.levelno >= level), 7))
    yield "SYSLOG_IDENTIFIER", IDENTIFIER
    yield "EVENT", event
    for key, value in facts.items():
        name = key.upper()
        if value is not None and name not in _TAKEN and _NAME.fullmatch(name):
            yield name, _text(value)


def entry(fields: Mapping[str, str]) -> bytes:
    """Return fields as the journal takes them."""
    parts = []
    for name, value in fields.items():
        data = value.encode(errors="replace")
        if b"\n" in data:
            parts.append(name.encode() + b"\n" + struct.pack("<Q", len(data)) + data + b"\n")
        else:
            parts.append(name.encode() + b"=" + data + b"\n")
    return b"".join(parts)


def _facts(record: logging.LogRecord) -> dict[str, Any]:
    """Return what a record says; structlog's records carry it whole, those of libraries as a text."""
    if isinstance(record.msg, dict):
        return dict(record.msg)
    facts = {"event": record.getMessage(), "logger": record.name}
    if record.exc_info and record.exc_info[0] is not None:
        facts["exception"] = "".join(traceback.format_exception(*record.exc_info)).rstrip()
    return facts


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
