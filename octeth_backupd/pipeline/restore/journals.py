"""The journals of restores: one file each, on the disk before what it announces is done."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

import structlog

from octeth_backupd.domain.restore.advice import advice
from octeth_backupd.domain.restore.journal import Journal, from_mapping, to_mapping
from octeth_backupd.errors import MetadataError, NotFoundError
from octeth_backupd.process.files import make_directory, translated_os_errors, write_whole

_log = structlog.get_logger("journals")

_FILE_NAME = re.compile(r"[0-9a-z-]+\.json")


@dataclass(frozen=True, slots=True, kw_only=True)
class UnreadableJournal:
    """What is known of a restore whose journal cannot be read."""

    restore_id: str
    path: Path
    error: str


class Journals:
    """The journals of this installation.

    Args:
        directory: Beneath the state directory; made with the first journal.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._said: dict[str, str] = {}

    def path(self, restore_id: str) -> Path:
        """Return where a restore's journal is."""
        return self.directory / f"{restore_id}.json"

    def write(self, journal: Journal) -> None:
        """Put a journal on the disk, whole, replacing what it said before.

        Raises:
            StorageError: It cannot be written: what it announces must not be done.
            SpaceError: The disk of the state directory is full.
        """
        make_directory(self.directory)
        content = {"if_the_daemon_never_comes_back": advice(journal), **to_mapping(journal)}
        text = json.dumps(content, indent=2, ensure_ascii=False) + "\n"
        write_whole(self.path(journal.restore_id), text, replace=True)

    def get(self, restore_id: str) -> Journal:
        """Return a journal.

        Raises:
            NotFoundError: There is none.
            MetadataError: It cannot be read.
        """
        path = self.path(restore_id)
        try:
            text = path.read_text(encoding="utf-8")
        except FileNotFoundError as exc:
            raise NotFoundError(f"there is no restore {restore_id}") from exc
        except (OSError, UnicodeDecodeError) as exc:
            raise MetadataError(f"the restore journal {path} cannot be read: {exc}") from exc
        try:
            return from_mapping(json.loads(text))
        except ValueError as exc:
            raise MetadataError(f"the restore journal {path} is not JSON: {exc}") from exc
        except MetadataError as exc:
            raise MetadataError(f"{path}: {exc.message}", hint=exc.hint) from exc

    def all(self) -> tuple[Journal, ...]:
        """Return every journal that can be read, newest first.

        Raises:
            StorageError: The directory cannot be read.
        """
        found, _ = self._read_all()
        return tuple(sorted(found, key=lambda journal: (journal.created_at, journal.restore_id), reverse=True))

    def unreadable(self) -> tuple[UnreadableJournal, ...]:
        """Return every journal that cannot be read, the oldest restore first.

        Raises:
            StorageError: The directory cannot be read.
        """
        _, unreadable = self._read_all()
        return tuple(unreadable)

    def _names(self) -> list[str]:
        with translated_os_errors(self.directory):
            names = sorted(path.name for path in self.directory.iterdir()) if self.directory.is_dir() else []
        return [name for name in names if _FILE_NAME.fullmatch(name)]

    def _read_all(self) -> tuple[list[Journal], list[UnreadableJournal]]:
        found, unreadable = [], []
        for name in self._names():
            restore_id = name.removesuffix(".json")
            try:
                found.append(self.get(restore_id))
                self._said.pop(restore_id, None)
            except MetadataError as exc:
                if self._said.get(restore_id) != exc.message:  # they are read each minute
                    _log.error("restore.journal_unreadable", error=exc.message, hint=exc.hint)
                self._said[restore_id] = exc.message
                unreadable.append(
                    UnreadableJournal(restore_id=restore_id, path=self.path(restore_id), error=exc.message)
                )
            except NotFoundError:
                continue
        return found, unreadable

    def ids(self) -> frozenset[str]:
        """Return the id of every restore that has a journal, readable or not.

        Raises:
            StorageError: The directory cannot be read.
        """
        return frozenset(name.removesuffix(".json") for name in self._names())

    def open_of(self, server: str) -> Journal | None:
        """Return the restore of a server that is not finished, the newest; None when all are."""
        return next((j for j in self.all() if j.server == server and j.is_open), None)

    def safety_copies_of(self, server: str) -> tuple[Journal, ...]:
        """Return the journals of a server whose replaced data is still there, newest first."""
        return tuple(j for j in self.all() if j.server == server and j.holds_safety_copy)
