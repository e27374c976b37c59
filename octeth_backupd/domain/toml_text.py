"""Write a configuration as TOML: tables of texts, numbers, booleans and lists of texts."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping


def toml_text(tables: Mapping[str, Any], *, head: Iterable[str] = ()) -> str:
    """Return the text of a file.

    Args:
        tables: Section → key → value; sections may be nested.
        head: Lines of a comment that goes before everything.
    """
    comment = [f"# {line}".rstrip() for line in head]
    return "\n".join([*comment, *(["", ""][: bool(comment)]), *_table(tables, ())]).rstrip("\n") + "\n"


def _table(table: Mapping[str, Any], path: tuple[str, ...]) -> Iterator[str]:
    values = {key: value for key, value in table.items() if not isinstance(value, dict)}
    if values:
        yield f"[{'.'.join(path)}]"
        yield from (f"{key} = {toml_value(value)}" for key, value in values.items())
        yield ""
    for key, value in table.items():
        if isinstance(value, dict):
            yield from _table(value, (*path, key))


def toml_value(value: Any) -> str:
    """Return a value as TOML writes it."""
    match value:
        case bool():
            return str(value).lower()
        case int():
            return str(value)
        case list():
            return f"[{', '.join(toml_value(item) for item in value)}]"
        case _:
            return json.dumps(str(value), ensure_ascii=False).replace("\x7f", "\\u007f")
