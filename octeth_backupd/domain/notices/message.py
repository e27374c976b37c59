"""A notice as one text for people, cut to what an endpoint takes."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from octeth_backupd.domain.notices.notice import Notice

_UNITS = (("TiB", 1 << 40), ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10))
_MINUTE_SECONDS = 60
_HOUR_SECONDS = 3600
_WORTH_SHOWING_BYTES = 200
LOG_TITLE = "Last lines of the programs:"


def message_text(notice: Notice, *, limit_bytes: int) -> str:
    """Return text, facts and log tail of a notice, without its title.

    What does not fit goes: of the log tail its earlier lines, for the last ones say why; then the end of the rest. A
    line says how much is missing.

    Args:
        notice: Which.
        limit_bytes: Of the whole text in UTF-8.
    """
    head = "\n\n".join(part for part in (notice.text.strip(), facts_text(notice)) if part)
    head = cut_end(head, limit_bytes)
    left_bytes = limit_bytes - _size(f"{head}\n\n{LOG_TITLE}\n")
    if not notice.log_tail or left_bytes < _WORTH_SHOWING_BYTES:
        return head
    return f"{head}\n\n{LOG_TITLE}\n{cut_beginning(notice.log_tail, left_bytes)}"


def facts_text(notice: Notice) -> str:
    """Return a notice's facts, one on each line."""
    return "\n".join(f"{label}: {shown}" for label, shown in shown_facts(notice))


def shown_facts(notice: Notice) -> tuple[tuple[str, str], ...]:
    """Return a notice's facts as people read them: labels without underscores, sizes and durations in words.

    The first is its time: what an endpoint could not take arrives late.
    """
    time = ("time", f"{notice.at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC")
    return (time, *(_shown(name, value) for name, value in notice.facts if value))


def size_words(size_bytes: int) -> str:
    """Return a size in the largest unit that fits."""
    for unit, factor in _UNITS:
        if size_bytes >= factor:
            return f"{size_bytes / factor:.1f} {unit}"
    return f"{size_bytes} B"


def duration_words(seconds: float) -> str:
    """Return a duration in words of two units at most."""
    whole = round(seconds)
    if whole < _MINUTE_SECONDS:
        return f"{whole} s"
    if whole < _HOUR_SECONDS:
        return f"{whole // _MINUTE_SECONDS} min {whole % _MINUTE_SECONDS} s"
    return f"{whole // _HOUR_SECONDS} h {whole % _HOUR_SECONDS // _MINUTE_SECONDS} min"


def cut_end(text: str, limit_bytes: int) -> str:
    """Return a text without its end, and a note, where it is too long."""
    if _size(text) <= limit_bytes:
        return text
    note = f"\n… ({_size(text):,} bytes in all, cut)"
    kept = text.encode()[: max(limit_bytes - _size(note), 0)].decode(errors="ignore")
    return (kept + note) if kept else text.encode()[:limit_bytes].decode(errors="ignore")


def cut_line(text: str, longest: int) -> str:
    """Return a line of so many characters at most, cut between two words, and before a bracket that is left open."""
    if len(text) <= longest:
        return text
    kept = text[: longest - 1]
    for end in (kept.rfind(" "), kept.rfind(" (") if kept.count("(") > kept.count(")") else -1):
        if end >= longest * 2 // 3:
            kept = kept[:end]
    return kept.rstrip(" ,;:(") + "…"


def cut_beginning(lines: tuple[str, ...], limit_bytes: int) -> str:
    """Return the last of some lines, after a note, where they are too long."""
    text = "\n".join(lines)
    if _size(text) <= limit_bytes:
        return text
    note = f"… ({_size(text):,} bytes in all, the earlier ones cut)\n"
    kept = text.encode()[-max(limit_bytes - _size(note), 1) :].decode(errors="ignore")
    whole_lines = kept.partition("\n")[2]
    return note + (whole_lines or kept)


def _size(text: str) -> int:
    return len(text.encode())


def _shown(name: str, value: str) -> tuple[str, str]:
    if name.endswith("_bytes") and value.isdecimal():
        return name.removesuffix("_bytes").replace("_", " "), size_words(int(value))
    if name.endswith("_seconds") and value.replace(".", "", 1).isdecimal():
        return name.removesuffix("_seconds").replace("_", " "), duration_words(float(value))
    return name.replace("_", " "), value
