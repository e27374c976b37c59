"""Journal entries: fields for machines, a message for people, no secret, whatever the size."""

from __future__ import annotations

import logging
import os
import socket
import struct
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import structlog

from octeth_backupd.telemetry.journal import JournalHandler, entry, is_journal, journal_fields
from octeth_backupd.telemetry.logging import configure_logging

if TYPE_CHECKING:
    from collections.abc import Iterator


class Journal:
    """Takes what journald would take."""

    def __init__(self, path: Path) -> None:
        self.path = str(path)
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.path)
        self.socket.settimeout(5)

    def take(self) -> dict[str, str]:
        data, ancillary, _, _ = self.socket.recvmsg(1 << 20, socket.CMSG_SPACE(struct.calcsize("i")))
        for _, _, rights in ancillary:
            descriptor = struct.unpack("i", rights)[0]
            data = os.pread(descriptor, 1 << 24, 0)
            os.close(descriptor)
        return _parsed(data)


def _parsed(data: bytes) -> dict[str, str]:
    fields = {}
    while data:
        line, _, rest = data.partition(b"\n")
        if b"=" in line:
            name, _, value = line.partition(b"=")
        else:
            name, length = line, struct.unpack("<Q", rest[:8])[0]
            value, rest = rest[8 : 8 + length], rest[8 + length + 1 :]
        fields[name.decode()] = value.decode()
        data = rest
    return fields


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    made = Journal(tmp_path / "socket")
    yield made
    made.socket.close()


@pytest.fixture(autouse=True)
def _untouched_logging() -> Iterator[None]:
    root = logging.getLogger()
    before, level = root.handlers, root.level
    yield
    root.handlers = before
    root.setLevel(level)
    structlog.reset_defaults()


def _record(message: object, level: int = logging.INFO) -> logging.LogRecord:
    return logging.LogRecord("run", level, __file__, 1, message, (), None)


def test_every_fact_is_a_field_and_the_message_is_a_sentence(journal: Journal) -> None:
    handler = JournalHandler(str, path=journal.path)

    handler.emit(_record({"event": "run.started", "run_id": "r1", "server": "oempro", "operation": "backup"}))
    handler.close()

    assert journal.take() == {
        "MESSAGE": "backup of oempro started",
        "PRIORITY": "6",
        "SYSLOG_IDENTIFIER": "octeth-backupd",
        "EVENT": "run.started",
        "RUN_ID": "r1",
        "SERVER": "oempro",
        "OPERATION": "backup",
    }


@pytest.mark.parametrize(
    ("level", "priority"),
    [
        (logging.DEBUG, "7"),
        (logging.INFO, "6"),
        (logging.WARNING, "4"),
        (logging.ERROR, "3"),
        (logging.CRITICAL, "2"),
    ],
)
def test_priority_is_that_of_the_level(level: int, priority: str) -> None:
    assert dict(journal_fields(_record("text", level)))["PRIORITY"] == priority


def test_text_with_line_breaks_stays_one_field(journal: Journal) -> None:
    handler = JournalHandler(str, path=journal.path)

    handler.emit(_record({"event": "x", "error": "first\nsecond=2\n"}))
    handler.close()

    assert journal.take()["ERROR"] == "first\nsecond=2\n"


def test_entry_too_large_for_a_datagram_arrives_whole(journal: Journal) -> None:
    handler = JournalHandler(str, path=journal.path)
    line = "é" * 2_000_000

    handler.emit(_record({"event": "program.output", "program": "tar", "line": line}))
    handler.close()

    assert journal.take()["LINE"] == line


def test_secrets_are_redacted_in_every_field(journal: Journal) -> None:
    handler = JournalHandler(lambda text: text.replace("s3cret", "***"), path=journal.path)

    handler.emit(_record({"event": "failed", "detail": {"argument": "--password=s3cret"}, "error": "s3cret"}))
    handler.close()

    fields = journal.take()
    assert "s3cret" not in str(fields)
    assert fields["ERROR"] == "***"


def test_fact_cannot_pose_as_a_field_of_the_journal() -> None:
    facts = {"event": "x", "message": "m", "priority": 0, "_pid": 1, "bad name": 1, "bytes": 5, "nothing": None}

    fields = dict(journal_fields(_record(facts)))

    assert set(fields) == {"MESSAGE", "PRIORITY", "SYSLOG_IDENTIFIER", "EVENT", "BYTES"}
    assert fields["PRIORITY"] == "6"


def test_record_of_a_library_keeps_its_exception() -> None:
    try:
        raise ValueError("no store")
    except ValueError:
        record = logging.LogRecord("apscheduler", logging.ERROR, __file__, 1, "store of %s", ("jobs",), sys.exc_info())

    fields = dict(journal_fields(record))

    assert fields["EVENT"] == "store of jobs"
    assert "ValueError: no store" in fields["MESSAGE"]


def test_without_a_journal_the_message_goes_to_standard_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    handler = JournalHandler(str, path=str(tmp_path / "absent"))

    handler.emit(_record({"event": "daemon.stopped"}))
    handler.close()

    assert capsys.readouterr().err == "stopped\n"


def test_values_that_are_no_texts_are_json() -> None:
    fields = dict(journal_fields(_record({"event": "x", "tiers": ["daily"], "path": Path("/x")})))

    assert (fields["TIERS"], fields["PATH"]) == ('["daily"]', '"/x"')


def test_entry_without_line_breaks_is_plain_text() -> None:
    assert entry({"MESSAGE": "a=b"}) == b"MESSAGE=a=b\n"


def test_stream_is_the_journal_when_systemd_says_so(tmp_path: Path) -> None:
    with (tmp_path / "stream").open("w") as stream:
        status = os.fstat(stream.fileno())

        assert is_journal(stream, f"{status.st_dev}:{status.st_ino}")
        assert not is_journal(stream, f"{status.st_dev}:{status.st_ino + 1}")
        assert not is_journal(stream, "")


def test_daemon_under_systemd_logs_to_the_journal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with (tmp_path / "stream").open("w") as stream:
        status = os.fstat(stream.fileno())
        monkeypatch.setenv("JOURNAL_STREAM", f"{status.st_dev}:{status.st_ino}")

        configure_logging(stream=stream)

        [handler] = logging.getLogger().handlers
        assert isinstance(handler, JournalHandler)
        handler.close()
