"""The configuration as it may be shown: secrets masked, everything else as TOML would have it."""

from __future__ import annotations

from datetime import date, datetime, time
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ByteSize, SecretStr

from octeth_backupd.settings.keys import fields_of

if TYPE_CHECKING:
    from octeth_backupd.settings.settings import Settings

MASK = "********"
_UNITS = (("TiB", 1024**4), ("GiB", 1024**3), ("MiB", 1024**2), ("KiB", 1024))


def settings_view(settings: Settings) -> dict[str, Any]:
    """Return every key with the value in force, fit for JSON; a secret that is set reads ``********``."""
    return _table(settings)


def size_text(size_bytes: int) -> str:
    """Return a size in the largest unit that holds it exactly, as TOML takes it."""
    for unit, factor in _UNITS:
        if size_bytes and size_bytes % factor == 0:
            return f"{size_bytes // factor} {unit}"
    return f"{size_bytes} B"


def _table(model: BaseModel) -> dict[str, Any]:
    values = zip(fields_of(type(model)), type(model).model_fields, strict=True)
    return {toml_name: _shown(getattr(model, name)) for toml_name, name in values}


def _shown(value: object) -> Any:
    match value:
        case SecretStr():
            return MASK if value.get_secret_value() else ""
        case BaseModel():
            return _table(value)
        case dict():
            return {str(name): _shown(item) for name, item in value.items()}
        case list() | tuple() | set() | frozenset():
            return [_shown(item) for item in value]
        case ByteSize():
            return size_text(value)
        case PurePath() | date() | datetime() | time():
            return str(value)
        case _:
            return value
