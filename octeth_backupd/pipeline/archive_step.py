"""Step "archive": one tar file through the compressor, hashed while it is written."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from octeth_backupd.domain.postconditions.evidence import Archived
from octeth_backupd.pipeline.hashing import HashingWriter
from octeth_backupd.process.command import Command
from octeth_backupd.process.files import translated_os_errors

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from octeth_backupd.compression.base import Compressor
    from octeth_backupd.process.cancellation import Cancellation
    from octeth_backupd.process.host import HostRunner


@dataclass(frozen=True, slots=True, kw_only=True)
class Archive:
    """A finished archive that is not stored yet.

    Attributes:
        path: Where it lies until it is stored.
        name: The name it will have.
    """

    path: Path
    name: str
    facts: Archived


def tar_command(parent: Path, top_directory: str) -> Command:
    """Return the command that writes one directory as a tar file to its standard output.

    Members are sorted, so that the same directory makes the same archive; GNU's format, as the bash tool wrote it.
    """
    return Command(
        program="tar",
        arguments=(
            "--create",
            "--file=-",
            "--format=gnu",
            "--sort=name",
            "--blocking-factor=2048",
            f"--directory={parent}",
            "--",
            top_directory,
        ),
    )


def write_archive(
    directory: Path,
    destination: Path,
    *,
    name: str,
    compressor: Compressor,
    host_runner: HostRunner,
    on_line: Callable[[str], None],
    cancellation: Cancellation,
) -> Archive:
    """Pack a prepared backup into one file at ``destination``, on disk when this returns.

    tar's exit code is evidence: the post-condition ``archive_pipe`` judges it.

    Raises:
        ProgramError: tar could not be started, or the compressor failed.
        StorageError: The archive cannot be written, or exists.
        SpaceError: The file system is full.
        BackupdError: The token's reason.
    """
    with translated_os_errors(destination):
        descriptor = os.open(destination, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "wb", buffering=0) as file:
            sink = HashingWriter(file)
            with host_runner.pipe(tar_command(directory.parent, directory.name), cancellation=cancellation) as tar:
                archived_bytes = compressor.compress(tar.stdout, sink, cancellation=cancellation)
                completed = tar.wait()
            os.fsync(file.fileno())
    for line in completed.output:
        on_line(line)
    return Archive(
        path=destination,
        name=name,
        facts=Archived(
            stages={"tar": completed.exit_code, compressor.algorithm: 0},
            sha256=sink.hexdigest(),
            size_bytes=sink.written_bytes,
            top_directory=directory.name,
            archived_bytes=archived_bytes,
        ),
    )
