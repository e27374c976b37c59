"""A password on its way into a file of its own."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import PurePosixPath


@dataclass(frozen=True, slots=True, kw_only=True)
class Secret:
    """A file that holds a password."""

    path: PurePosixPath
    text: str = field(repr=False)
