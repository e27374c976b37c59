"""Following the frames of a Zstandard stream, to know whether it ended where it should.

The library's reader takes the end of a cut file for the end of the data. The frames themselves say where they end, and
only the headers of their blocks need be looked at, one for each 128 KiB of content.

Source:
    RFC 8878, 3.1.1 "Zstandard Frames" and 3.1.2 "Skippable Frames".
"""

from __future__ import annotations

from enum import Enum, auto

from octeth_backupd.errors import VerificationError

_MAGIC = b"\x28\xb5\x2f\xfd"
_MAGIC_BYTES = 4
_BLOCK_HEADER_BYTES = 3
_CHECKSUM_BYTES = 4
_DICTIONARY_ID_BYTES = (0, 1, 2, 4)
_CONTENT_SIZE_BYTES = (0, 2, 4, 8)
_RLE_BLOCK = 1
_RESERVED_BLOCK = 3


class _Part(Enum):
    MAGIC = auto()
    SKIPPABLE_SIZE = auto()
    DESCRIPTOR = auto()
    BLOCK_HEADER = auto()


class FrameFollower:
    """Take the bytes of a stream as they come, and say at the end whether it was whole."""

    def __init__(self) -> None:
        self._part = _Part.MAGIC
        self._needed = _MAGIC_BYTES
        self._held = b""
        self._to_skip = 0
        self._frames = 0
        self._has_checksum = False

    def feed(self, data: bytes) -> None:
        """Take the next bytes.

        Raises:
            VerificationError: They are no Zstandard frame.
        """
        view = memoryview(data)
        while len(view):
            if self._to_skip:
                skipped = min(self._to_skip, len(view))
                self._to_skip -= skipped
                view = view[skipped:]
                continue
            missing = self._needed - len(self._held)
            self._held += bytes(view[:missing])
            view = view[missing:]
            if len(self._held) == self._needed:
                header, self._held = self._held, b""
                self._take(header)

    def finish(self) -> None:
        """Say that the stream is over.

        Raises:
            VerificationError: It ends in the middle of a frame, or there was none.
        """
        between_frames = self._part is _Part.MAGIC and not self._held and not self._to_skip
        if not (between_frames and self._frames):
            raise VerificationError("the zstd stream is cut: it ends before its end mark", hint="Take a new backup.")

    def _take(self, header: bytes) -> None:
        match self._part:
            case _Part.MAGIC:
                self._take_magic(header)
            case _Part.SKIPPABLE_SIZE:
                self._expect(_Part.MAGIC, _MAGIC_BYTES, skip=int.from_bytes(header, "little"))
            case _Part.DESCRIPTOR:
                self._take_descriptor(header[0])
            case _Part.BLOCK_HEADER:
                self._take_block_header(int.from_bytes(header, "little"))

    def _take_magic(self, magic: bytes) -> None:
        if magic == _MAGIC:
            self._expect(_Part.DESCRIPTOR, 1)
        elif magic[1:] == b"\x2a\x4d\x18" and magic[0] & 0xF0 == 0x50:
            self._expect(_Part.SKIPPABLE_SIZE, _MAGIC_BYTES)
        elif self._frames:
            raise VerificationError("bytes follow the end of the zstd stream", hint="Take a new backup.")
        else:
            raise VerificationError("this is no zstd stream", hint="Check what wrote the file.")

    def _take_descriptor(self, descriptor: int) -> None:
        single_segment = bool(descriptor & 0x20)
        self._has_checksum = bool(descriptor & 0x04)
        content_size = _CONTENT_SIZE_BYTES[descriptor >> 6]
        if content_size == 0 and single_segment:
            content_size = 1
        window = 0 if single_segment else 1
        self._expect(
            _Part.BLOCK_HEADER,
            _BLOCK_HEADER_BYTES,
            skip=window + _DICTIONARY_ID_BYTES[descriptor & 0x03] + content_size,
        )

    def _take_block_header(self, header: int) -> None:
        is_last, kind, size = header & 1, header >> 1 & 3, header >> 3
        if kind == _RESERVED_BLOCK:
            raise VerificationError("the zstd stream is damaged: a block of a reserved kind", hint="Take a new backup.")
        content = 1 if kind == _RLE_BLOCK else size
        if is_last:
            self._frames += 1
            self._expect(_Part.MAGIC, _MAGIC_BYTES, skip=content + (_CHECKSUM_BYTES if self._has_checksum else 0))
        else:
            self._expect(_Part.BLOCK_HEADER, _BLOCK_HEADER_BYTES, skip=content)

    def _expect(self, part: _Part, needed: int, *, skip: int = 0) -> None:
        self._part = part
        self._needed = needed
        self._to_skip = skip
