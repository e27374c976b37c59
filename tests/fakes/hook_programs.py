"""Small shell programs as hooks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from octeth_backupd.pipeline.hooks.settings import HooksSettings

if TYPE_CHECKING:
    from pathlib import Path


def write_program(directory: Path, name: str, body: str) -> str:
    """Write an executable shell program that nobody else may write; return its path."""
    path = directory / name
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    return str(path)


def hooks(**values: Any) -> HooksSettings:
    """Return settings of hooks: lists of commands by the hooks' names."""
    return HooksSettings.model_validate({"timeout_seconds": 30, **values})
