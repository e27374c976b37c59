"""The crontabs of this host, and taking the bash tool's lines out of them.

Source:
    cron(8): a crontab in the spool directory is read again when its time, or that of the directory, changes.
"""

from __future__ import annotations

import os
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from octeth_backupd.domain.legacy.crontab import CronLine, CronPurpose, find_cron_lines, without_lines
from octeth_backupd.errors import BackupdError, ProgramError, StorageError
from octeth_backupd.process.command import Command
from octeth_backupd.process.files import sync_directory, translated_os_errors, write_whole

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime

    from octeth_backupd.process.host import HostRunner

_OWN_USER = "root"


@dataclass(frozen=True, slots=True, kw_only=True)
class CronPlaces:
    """Where crontabs are; the first spool directory that is there is the one in use.

    Attributes:
        spools: Directories with a crontab for each user.
        directories: Directories of crontabs with a column for the user.
        files: Single ones of those.
    """

    spools: tuple[Path, ...] = (Path("/var/spool/cron/crontabs"), Path("/var/spool/cron"))
    directories: tuple[Path, ...] = (Path("/etc/cron.d"),)
    files: tuple[Path, ...] = (Path("/etc/crontab"),)


class Crontabs:
    """Every crontab that may start the bash tool.

    Args:
        host_runner: Runs ``crontab`` where no spool directory shows root's own.
        places: Where to look.
    """

    def __init__(self, host_runner: HostRunner, places: CronPlaces | None = None) -> None:
        self._host_runner = host_runner
        self._places = places or CronPlaces()

    def lines(self) -> tuple[CronLine, ...]:
        """Return the lines that start one of the tool's scripts, ClickHouse's included.

        Raises:
            BackupdError: A crontab is there and cannot be read.
        """
        found = [line for path in self._paths() for line in find_cron_lines(_text(_read(path)), place=str(path))]
        if not self._has_spooled_root():
            found += find_cron_lines(_text(self._listed()), place=_program_place())
        return tuple(found)

    def remove(self, lines: Iterable[CronLine], *, backup_directory: Path, now: datetime) -> tuple[str, ...]:
        """Remove lines, leaving every other byte; of each crontab a copy is kept first.

        Args:
            lines: From ``lines``; those of ClickHouse, and those that start something else as well, stay.
            backup_directory: Where the copies go, mode 0600.
            now: For their names.

        Returns:
            What was done, in words, with the lines themselves.

        Raises:
            StorageError: A crontab has changed since, or cannot be written; those before it are done.
            ProgramError: ``crontab`` refused.
        """
        by_place: dict[str, list[CronLine]] = defaultdict(list)
        for line in lines:
            if line.is_removable:
                by_place[line.place].append(line)
        done: list[str] = []
        for place, mine in by_place.items():
            done.append(self._remove_from(place, mine, backup_directory, now))
            done += (f"  {line.number}: {line.text.strip()}" for line in mine)
        return tuple(done)

    def _remove_from(self, place: str, lines: list[CronLine], backup_directory: Path, now: datetime) -> str:
        is_program = place == _program_place()
        before = self._listed() if is_program else _read(Path(place))
        current = {line.number: line.text for line in find_cron_lines(_text(before), place=place)}
        if any(current.get(line.number) != line.text for line in lines):
            raise StorageError(f"{place} has changed meanwhile", hint="Run the import again with --remove-cron.")
        name = place.strip("/").replace("/", "-").replace(" ", "-")
        copy = backup_directory / f"{name}.{now:%Y-%m-%d_%H-%M-%S}.before"
        write_whole(copy, before, mode=0o600, replace=False)
        after = without_lines(before, {line.number for line in lines})
        if is_program:
            self._install(after)
        else:
            _replace(Path(place), after)
        count = "1 line" if len(lines) == 1 else f"{len(lines)} lines"
        return f"{count} removed from {place}; the whole is kept in {copy}"

    def _paths(self) -> Iterator[Path]:
        spool = next((path for path in self._places.spools if path.is_dir()), None)
        for directory in (*([spool] if spool else []), *self._places.directories):
            yield from (path for path in sorted(directory.glob("*")) if path.is_file() and not path.is_symlink())
        yield from (path for path in self._places.files if path.is_file() and not path.is_symlink())

    def _has_spooled_root(self) -> bool:
        return any((spool / _OWN_USER).is_file() for spool in self._places.spools)

    def _listed(self) -> bytes:
        """Return root's crontab as the program prints it; empty where there is none, or no such program."""
        if not self._host_runner.finds("crontab"):
            return b""
        with self._host_runner.pipe(Command(program="crontab", arguments=("-l",))) as program:
            listed = program.stdout.read()
            completed = program.wait()
        return listed if completed.exit_code == 0 else b""

    def _install(self, text: bytes) -> None:
        descriptor = os.memfd_create("crontab")
        with os.fdopen(descriptor, "w+b") as file:
            file.write(text)
            file.flush()
            file.seek(0)
            with self._host_runner.pipe(Command(program="crontab", arguments=("-",)), stdin=file) as program:
                program.stdout.read()
                completed = program.wait()
        if completed.exit_code != 0:
            said = completed.output[-1] if completed.output else "nothing"
            raise ProgramError(f"crontab ended with {completed.exit_code} and said: {said}")


def how_to_remove(lines: Iterable[CronLine]) -> Iterator[str]:
    """Yield the lines that start the bash tool, and what to do about them."""
    by_place: Mapping[str, list[CronLine]] = defaultdict(list)
    for line in lines:
        if line.purpose is not CronPurpose.CLICKHOUSE:
            by_place[line.place].append(line)
    for place, mine in by_place.items():
        yield f"{place}:"
        for line in mine:
            yield f"  {line.number}: {line.text.strip()}"
            if line.purpose is CronPurpose.MIXED:
                yield "     (starts ClickHouse's backup, too: edit it by hand)"
            elif line.does_more:
                yield "     (starts something else, too: edit it by hand)"


def _program_place() -> str:
    return f"crontab of {_OWN_USER}"


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


def _read(path: Path) -> bytes:
    with translated_os_errors(path):
        return path.read_bytes()


def _replace(path: Path, content: bytes) -> None:
    """Replace a file's content at once, keeping its owner and mode."""
    with translated_os_errors(path):
        facts = path.stat()
        partial = path.with_name(f".{path.name}.octeth-backupd")  # cron skips names that begin with a dot
        try:
            descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                os.fchown(descriptor, facts.st_uid, facts.st_gid)
                os.fchmod(descriptor, facts.st_mode & 0o7777)
                file.write(content)
                file.flush()
                os.fsync(descriptor)
            partial.replace(path)
        except (OSError, BackupdError):
            partial.unlink(missing_ok=True)
            raise
    sync_directory(path.parent)
