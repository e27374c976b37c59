"""process.output."""

from __future__ import annotations

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from octeth_backupd.process.output import MAXIMUM_LINE_BYTES, TAIL_LINES, LineSink, LineSplitter, OutputReader
from octeth_backupd.process.redaction import Redactor


def _split(*pieces: bytes) -> list[str]:
    splitter = LineSplitter()
    lines = [line for piece in pieces for line in splitter.feed(piece)]
    return [*lines, *splitter.finish()]


@pytest.mark.parametrize(
    ("pieces", "lines"),
    [
        ([b"a\nb\n"], ["a", "b"]),
        ([b"a\nb"], ["a", "b"]),
        ([b"a", b"b\nc", b"\n"], ["ab", "c"]),
        ([b"a\r\nb\r\n"], ["a", "b"]),
        ([b"a\r", b"\nb\n"], ["a", "b"]),
        ([b"10%\r20%\r30%\n"], ["10%", "20%", "30%"]),
        ([b"last\r"], ["last"]),
        ([b"a\n\nb\n"], ["a", "", "b"]),
        ([b"\xff\xfe\n"], ["\ufffd\ufffd"]),
        ([], []),
    ],
)
def test_bytes_become_lines(pieces: list[bytes], lines: list[str]) -> None:
    assert _split(*pieces) == lines


def test_endless_line_comes_in_pieces_and_is_never_held_whole() -> None:
    lines = _split(*[b"x" * 50_000] * 4)

    assert [len(line) for line in lines] == [MAXIMUM_LINE_BYTES] * 3 + [200_000 - 3 * MAXIMUM_LINE_BYTES]


@given(st.lists(st.text(alphabet="ab \t"), max_size=8), st.integers(min_value=1, max_value=7))
def test_lines_do_not_depend_on_how_the_bytes_arrive(lines: list[str], size: int) -> None:
    data = "".join(f"{line}\r\n" for line in lines).encode()

    pieces = [data[start : start + size] for start in range(0, len(data), size)]

    assert _split(*pieces) == lines


def test_tail_keeps_the_last_lines_redacted() -> None:
    sink = LineSink(Redactor(["secret"]), on_line=lambda _: None)

    for number in range(TAIL_LINES + 5):
        sink.take(f"secret {number}")

    assert len(sink.tail) == TAIL_LINES
    assert sink.tail[-1] == f"*** {TAIL_LINES + 4}"


def test_listener_that_fails_is_not_called_again_and_its_error_is_kept() -> None:
    calls: list[str] = []
    told: list[bool] = []

    def fail(line: str) -> None:
        calls.append(line)
        raise LookupError(line)

    sink = LineSink(Redactor(), on_line=fail, on_failure=lambda: told.append(True))
    sink.take("one")
    sink.take("two")

    assert calls == ["one"]
    assert told == [True]
    assert isinstance(sink.failure, LookupError)
    assert sink.tail == ("one", "two")


def test_reader_ends_although_somebody_still_holds_the_pipe() -> None:
    lines: list[str] = []
    reading, writing = os.pipe()
    reader = OutputReader(reading, LineSink(Redactor(), on_line=lines.append))
    reader.start()

    os.write(writing, b"one\ntwo")
    reader.finish()

    os.close(reading)
    os.close(writing)
    assert lines == ["one", "two"]
