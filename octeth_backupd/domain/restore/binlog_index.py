"""Binary logs among a backup's files: which they are, what they are called on the server, and their index."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

INDEX_SUFFIX = ".index"
_LOG = re.compile(r"(?P<base>.+)\.(?P<number>\d{6,})")
_RELAY_LOG = re.compile(r".*relay-(?:bin|log)(?:-.*)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class BinlogNames:
    """What a server calls its binary logs.

    Attributes:
        base: Name without number, without directory.
        index: Name of the index, without directory.
    """

    base: str
    index: str


def binlog_names(variables: Mapping[str, str]) -> BinlogNames:
    """Return what a server calls its binary logs, by its variables as far as they are known.

    Source:
        MySQL 8.4 manual, "Binary Logging Options and Variables": the base name is ``binlog`` by default, and the index
        is called like the logs.
    """
    base = PurePosixPath(variables.get("log_bin_basename") or "binlog").name
    index = PurePosixPath(variables.get("log_bin_index") or f"{base}{INDEX_SUFFIX}").name
    return BinlogNames(base=base, index=index)


def binlog_files(names: Iterable[str], *, likely_base: str) -> tuple[str, ...]:
    """Return the binary logs among a backup's files, in their order; empty when there are none.

    Args:
        names: Of the files at the top of the backup.
        likely_base: What the server calls them now; the backup's server may have called them otherwise.
    """
    logs: dict[str, list[str]] = {}
    known = set(names)
    for name in known:
        match = _LOG.fullmatch(name)
        if match is not None and not _RELAY_LOG.fullmatch(match["base"]):
            logs.setdefault(match["base"], []).append(name)
    with_index = sorted(base for base in logs if base + INDEX_SUFFIX in known)
    chosen = likely_base if likely_base in logs else next(iter(with_index), "")
    return tuple(sorted(logs.get(chosen, ()), key=_number))


def index_files(names: Iterable[str], *, base: str, server: BinlogNames) -> tuple[str, ...]:
    """Return the indexes of binary logs among a backup's files.

    Args:
        names: Of the files at the top of the backup.
        base: What the backup's binary logs are called.
        server: What the server calls them.
    """
    return tuple(name for name in names if name in {f"{base}{INDEX_SUFFIX}", server.index, server.base + INDEX_SUFFIX})


def renamed(log: str, base: str) -> str:
    """Return a binary log's name under another base name, with its own number."""
    match = _LOG.fullmatch(log)
    return f"{base}.{match['number']}" if match is not None else log


def base_of(log: str) -> str:
    """Return a binary log's name without its number."""
    match = _LOG.fullmatch(log)
    return match["base"] if match is not None else log


def index_text(logs: Iterable[str]) -> str:
    """Return the index of some binary logs.

    Its lines are relative: the server looks for them beside the place where it writes, in a rehearsal elsewhere, too.

    Args:
        logs: Names without directory, oldest first.

    Source:
        MySQL's ``normalize_binlog_name``: an entry that is no absolute path is taken from the directory of ``log_bin``.
    """
    return "".join(f"./{log}\n" for log in logs)


def _number(log: str) -> int:
    return int(log.rpartition(".")[2])
