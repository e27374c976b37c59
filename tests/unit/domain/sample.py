"""Files that real engines wrote, as they were."""

from __future__ import annotations

from pathlib import Path

_DIRECTORY = Path(__file__).parent / "samples"


def sample(name: str) -> str:
    """Return the text of a sample."""
    return (_DIRECTORY / name).read_text(encoding="utf-8")
