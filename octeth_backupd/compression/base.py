"""The contract of compressors.

A compressor turns one stream of bytes into another in a single pass, in C or in a program of its own, never in a
Python loop over bytes. It does not close the streams it is given and does not know what is in them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO, Literal, Protocol, Self

from pydantic import Field, field_validator, model_validator

from octeth_backupd.domain.section import Section

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from octeth_backupd.process.cancellation import Cancellation

_MAXIMUM_GZIP_LEVEL = 9
_MAXIMUM_THREADS = 256


class Sink(Protocol):
    """Something bytes can be written to."""

    def write(self, data: bytes, /) -> int:
        """Take all of ``data``; return its length."""


class CompressionSettings(Section):
    """How archives are compressed."""

    algorithm: Literal["zstd", "gzip", "none"] = Field(
        default="zstd",
        description="zstd; gzip (by pigz where it is installed); or none.",
    )
    level: int = Field(
        default=3,
        ge=1,
        le=19,
        description="Compression level: 1 to 19 for zstd, 1 to 9 for gzip.",
    )
    threads: int | Literal["auto"] = Field(
        default="auto",
        description='Threads of the compressor; "auto" is the number of cores.',
    )

    @field_validator("threads")
    @classmethod
    def _check_threads(cls, threads: int | str) -> int | str:
        if isinstance(threads, int) and not 1 <= threads <= _MAXIMUM_THREADS:
            raise ValueError(f'must be "auto" or a number from 1 to {_MAXIMUM_THREADS}')
        return threads

    @model_validator(mode="after")
    def _check_level(self) -> Self:
        if self.algorithm == "gzip" and self.level > _MAXIMUM_GZIP_LEVEL:
            raise ValueError(f"gzip has levels 1 to {_MAXIMUM_GZIP_LEVEL}")
        return self


class Decompressor(Protocol):
    """One algorithm, read. The suite in ``tests/contracts/test_compressors.py`` holds every one to this.

    Attributes:
        algorithm: Its name.
        suffix: What it adds to a file name, such as ``.zst``; empty for none.
    """

    algorithm: str
    suffix: str

    def open(self, source: BinaryIO) -> AbstractContextManager[BinaryIO]:
        """Open a compressed stream for reading its plain content.

        The reader raises ``VerificationError`` (not a library's own error) when the stream is damaged **or ends before
        its end mark**: a cut file is never a short one. At the end of the block, bytes after the end of the stream are
        an error as well.
        """


class Compressor(Decompressor, Protocol):
    """One algorithm that is written as well: its name stands in the configuration."""

    def compress(self, source: BinaryIO, sink: Sink, *, cancellation: Cancellation) -> int:
        """Read ``source`` to its end and write the compressed form to ``sink``.

        Args:
            source: A real file or pipe, with a file descriptor, opened for reading.
            sink: Takes the compressed bytes; an error it raises ends the compression and comes through.
            cancellation: Looked at while streaming; the reason is raised.

        Returns:
            Bytes read from ``source``.

        Raises:
            ProgramError: A program in the pipe failed; its exit code counts even after the end of the stream.
        """
