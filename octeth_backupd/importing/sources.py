"""The files of the bash tool: its two configuration files, where it looks for them, and its scripts."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from octeth_backupd.errors import NotFoundError
from octeth_backupd.process.files import translated_os_errors

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ELSEWHERE = (Path("/opt/octeth-backup-tools/config/.env"), Path("/etc/octeth-backup/.env"))
"""Where backup.conf looks for .env after its own directories."""

_LARGEST_BYTES = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFile:
    """A text file; bytes that are not UTF-8 stay visible as characters that do not print.

    Attributes:
        others_can_read: Not only its owner may.
    """

    path: Path
    text: str
    others_can_read: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """What the tool would read.

    Attributes:
        conf: None where there is no backup.conf: the tool itself would not have run.
        ignored: Other .env files that it would not have read.
        scripts: Text of its scripts; empty where they are not there.
    """

    env: SourceFile
    conf: SourceFile | None
    ignored: tuple[Path, ...]
    scripts: str


def find_sources(directory: Path, *, elsewhere: Sequence[Path] = ELSEWHERE) -> Sources:
    """Return the files of an installation, in the order in which the tool looks for them.

    Args:
        directory: Where the tool is, or where its configuration is.
        elsewhere: Places outside.

    Raises:
        NotFoundError: There is no .env in any place.
        StorageError: One cannot be read.
    """
    conf = next((path for path in _conf_places(directory) if path.is_file()), None)
    places = list(dict.fromkeys((directory / "config" / ".env", directory / ".env", *elsewhere)))
    found = [path for path in places if path.is_file()]
    if not found:
        raise NotFoundError(
            f"no configuration of the bash tool in {directory}: no .env in {', '.join(map(str, places))}",
            hint="Name the directory that it is installed in, such as /opt/octeth-backup-tools.",
        )
    return Sources(
        env=_read(found[0]),
        conf=_read(conf) if conf else None,
        ignored=tuple(path for path in found[1:] if not path.samefile(found[0])),
        scripts="\n".join(_read(path).text for path in _scripts(directory)),
    )


def _conf_places(directory: Path) -> Iterator[Path]:
    yield directory / "config" / "backup.conf"
    yield directory / "backup.conf"


def _scripts(directory: Path) -> list[Path]:
    places = (directory / "bin", directory / ".." / "bin")
    return next((found for place in places if (found := sorted(place.glob("octeth-backup.sh")))), [])


def _read(path: Path) -> SourceFile:
    with translated_os_errors(path), path.open("rb") as file:
        data = file.read(_LARGEST_BYTES)
        mode = os.fstat(file.fileno()).st_mode
    return SourceFile(
        path=path,
        text=data.decode("utf-8", "surrogateescape"),
        others_can_read=bool(mode & (stat.S_IRGRP | stat.S_IROTH)),
    )
