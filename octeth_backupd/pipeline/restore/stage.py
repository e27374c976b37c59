"""Staging: an archive becomes a directory that a server can be started on, beside whatever lies there now."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from octeth_backupd.domain.checkpoints import FILE_NAMES as CHECKPOINTS_NAMES
from octeth_backupd.domain.engine_info import (
    BINLOG_FILE_NAMES,
    INFO_FILE_NAMES,
    BinlogPosition,
    parse_binlog_info,
    parse_info,
)
from octeth_backupd.domain.restore.archives import engine_of, is_prepared
from octeth_backupd.domain.restore.staged_files import ENGINE_FILES, TABLESPACES_NAME, check_files
from octeth_backupd.domain.server import parse_version
from octeth_backupd.engines.registry import engine_for
from octeth_backupd.errors import VerificationError
from octeth_backupd.pipeline.directory_state import LARGEST_TEXT_BYTES, directory_state
from octeth_backupd.pipeline.programs import Programs
from octeth_backupd.pipeline.restore.fetch import OTHER_BACKUP
from octeth_backupd.pipeline.restore.prepare import find_preparer, prepare
from octeth_backupd.process.files import translated_os_errors

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from octeth_backupd.domain.restore.site import Site
    from octeth_backupd.engines.base import Expectation
    from octeth_backupd.pipeline.context import RunContext
    from octeth_backupd.pipeline.parts import Parts
    from octeth_backupd.pipeline.restore.fetch import Fetch


@dataclass(frozen=True, slots=True, kw_only=True)
class Staged:
    """A backup that is ready for a server.

    Attributes:
        sha256: Digest of the archive as it was read.
        checksum_confirmed: Somebody knew the digest, and it is that one.
        was_prepared: The archive held it prepared.
        engine_name: What made it.
        gtid: GTIDs at the moment that the backup shows, as the engine wrote them down; empty without.
        binlog_file: Name of the binary log at that moment; empty without.
    """

    sha256: str
    checksum_confirmed: bool
    was_prepared: bool
    engine_name: str
    gtid: str
    binlog_file: str


def stage(
    context: RunContext,
    parts: Parts,
    fetch: Fetch,
    *,
    directory: Path,
    site: Site | None,
    guard: Callable[[], str | None],
) -> Staged:
    """Unpack an archive, compare its checksum and prepare what is not prepared.

    What a failure has left in the directory is the caller's to remove. Owner and modes are not the server's yet.

    Args:
        context: The run.
        parts: Where engines are found.
        fetch: Brings the archive along.
        directory: Exists and is empty.
        site: Names the server's image; None: there is no server.
        guard: Says why the run must end now, or None; asked every second.

    Raises:
        VerificationError: No copy of the archive is whole, or it holds no backup of a whole server; or the prepare did
            not succeed. ``fetch.is_whole`` tells the first from the others.
        StorageError: No copy can be read.
        RestoreRefusedError: Its files cannot be started on as they are; the hint says what to do by hand.
        EngineError: It is not prepared, and nothing is there to prepare it with.
        SpaceError: The disk is full, or the guard objected.
        BackupdError: Everything else that ended it, the reason of a cancellation among it.
    """
    programs = Programs(parts, installation_id=context.installation_id, run_id=context.run.run_id)
    fetched = fetch.unpack(directory, programs, guard=guard)
    backup = _read_backup(directory)
    engine = engine_for(backup.engine_name, parts.engines)
    if not backup.is_prepared:
        _require_complete(directory, engine.expectation)
    files = directory_state(directory, engine.expectation, with_space_ids=False).files
    check_files(files.keys(), tablespaces_text=_text(directory, (TABLESPACES_NAME,))[1])
    if not backup.is_prepared:
        preparer = find_preparer(
            parts,
            programs,
            engine_name=backup.engine_name,
            version=parse_version(backup.server_version),
            directory=directory,
            server_image=site.container.image_id if site is not None and site.container is not None else "",
            cancellation=context.cancellation,
        )
        prepare(context, parts, preparer, directory, guard=guard)
    _remove_engine_files(directory)
    return Staged(
        sha256=fetched.sha256,
        checksum_confirmed=fetched.is_confirmed,
        was_prepared=backup.is_prepared,
        engine_name=backup.engine_name,
        gtid=backup.position.gtid if backup.position else "",
        binlog_file=PurePosixPath(backup.position.file).name if backup.position else "",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Backup:
    """What the engine's files say of an unpacked backup."""

    engine_name: str
    server_version: str
    is_prepared: bool
    position: BinlogPosition | None


def _read_backup(directory: Path) -> _Backup:
    info_name, info_text = _text(directory, INFO_FILE_NAMES)
    checkpoints_name, checkpoints_text = _text(directory, CHECKPOINTS_NAMES)
    missing = [
        names[0] for names, text in ((INFO_FILE_NAMES, info_text), (CHECKPOINTS_NAMES, checkpoints_text)) if not text
    ]
    if missing:
        raise VerificationError(
            "the archive is cut, or holds no backup of XtraBackup or mariadb-backup: "
            f"it has no {' and no '.join(missing)}",
            hint=OTHER_BACKUP,
        )
    info = parse_info(info_text, file=info_name)
    engine_name = engine_of(info)
    binlog_name, binlog_text = _text(directory, BINLOG_FILE_NAMES)
    return _Backup(
        engine_name=engine_name,
        server_version=info["server_version"],
        is_prepared=is_prepared(checkpoints_text, engine_name=engine_name, file=checkpoints_name),
        position=parse_binlog_info(binlog_text, file=binlog_name) if binlog_text.strip() else None,
    )


def _require_complete(directory: Path, expectation: Expectation) -> None:
    """Pass when the engine had come to its end: a stream that was cut between two files lacks its last one."""
    missing = [
        " or ".join(group)
        for group in expectation.required_files
        if not any((directory / name).is_file() for name in group)
    ]
    if missing:
        raise VerificationError(
            f"the archive is cut, or the engine had not come to its end: {', '.join(missing)} is missing",
            hint=OTHER_BACKUP,
        )


def _text(directory: Path, names: Sequence[str]) -> tuple[str, str]:
    """Return the first of these files that is there, and its text; the first name and nothing when none is."""
    for name in names:
        path = directory / name
        with translated_os_errors(path):
            if not path.is_file():
                continue
            if path.stat().st_size > LARGEST_TEXT_BYTES:
                raise VerificationError(f"{name} of the backup is no text: it is too long", hint=OTHER_BACKUP)
            return name, path.read_text(encoding="utf-8", errors="replace")
    return names[0], ""


def _remove_engine_files(directory: Path) -> None:
    for name in ENGINE_FILES:
        path = directory / name
        with translated_os_errors(path):
            path.unlink(missing_ok=True)
