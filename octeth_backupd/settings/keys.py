"""The keys of the configuration, walked as TOML writes them: section by section, named tables apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import NoneType
from typing import TYPE_CHECKING, Any, get_args, get_origin

from pydantic import BaseModel, SecretStr

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic.fields import FieldInfo

NAME = "NAME"
"""Stands for the name of a named table, such as that of a server, in keys that are shown without one."""

Names = Mapping[str, Sequence[str]]
"""What the tables of each group (``servers``, ``storages``) are called."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """A key that holds a value, not a table."""

    path: tuple[str, ...]
    field: FieldInfo


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a path leads.

    Attributes:
        path: The part of the path that was followed, the first unknown key included.
        field: The field at its end; None for an unknown key or a table in a group of named ones.
        siblings: Keys that would be right at the last position; empty where names are free.
    """

    path: tuple[str | int, ...]
    field: FieldInfo | None
    siblings: tuple[str, ...]


def fields_of(model: type[BaseModel]) -> dict[str, FieldInfo]:
    """Return a model's fields by the name that TOML uses."""
    return {field.alias or name: field for name, field in model.model_fields.items()}


def table_of(annotation: object) -> type[BaseModel] | None:
    """Return the model of a field that is a table, or None."""
    union = () if isinstance(annotation, type) else get_args(annotation)
    candidates = [member for member in union or (annotation,) if member is not NoneType]
    if len(candidates) == 1 and isinstance(candidates[0], type) and issubclass(candidates[0], BaseModel):
        return candidates[0]
    return None


def named_tables_of(annotation: object) -> type[BaseModel] | None:
    """Return the model of a field that is a group of named tables (``[servers.NAME]``), or None."""
    return table_of(get_args(annotation)[1]) if get_origin(annotation) is dict else None


def is_secret(field: FieldInfo) -> bool:
    """Return whether a field's value must never be shown."""
    return field.annotation is SecretStr or SecretStr in get_args(field.annotation)


def keys_of(model: type[BaseModel], prefix: tuple[str, ...] = (), *, names: Names | None = None) -> Iterator[Key]:
    """Yield every key that holds a value, in the order of the models.

    Args:
        model: Where to begin.
        prefix: Path of ``model``.
        names: What named tables are called; None: by the word that stands for any name.
    """
    for name, field in fields_of(model).items():
        path = (*prefix, name)
        if table := table_of(field.annotation):
            yield from keys_of(table, path, names=names)
        elif table := named_tables_of(field.annotation):
            for table_name in (NAME,) if names is None else names.get(name, ()):
                yield from keys_of(table, (*path, table_name), names=names)
        else:
            yield Key(path=path, field=field)


def locate(model: type[BaseModel], path: Sequence[str | int]) -> Place:
    """Follow a path, or the location of a pydantic error, as far as the models know it."""
    table: type[BaseModel] | None = model
    named: type[BaseModel] | None = None
    field: FieldInfo | None = None
    followed: list[str | int] = []
    siblings: tuple[str, ...] = ()
    for part in path:
        if part == "[key]":
            break  # pydantic's mark for "the name itself"
        if named is not None:
            table, named, field, siblings = named, None, None, ()
        elif table is not None:
            fields = fields_of(table)
            siblings = tuple(fields)
            field = fields.get(str(part))
            table = table_of(field.annotation) if field else None
            named = named_tables_of(field.annotation) if field else None
        elif not isinstance(part, int):
            break  # names of the types of a union, which TOML does not have
        followed.append(part)
        if field is None and table is None:
            break
    return Place(path=tuple(followed), field=field, siblings=siblings)


def names_in(values: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """Return what the named tables of raw values are called, by the group's name."""
    return {name: tuple(value) for name, value in values.items() if isinstance(value, dict)}


def value_at(values: Mapping[str, Any], path: Sequence[str | int]) -> Any:
    """Return the raw value at a path, or None."""
    value: Any = values
    for part in path:
        if not isinstance(value, dict) or part not in value:
            return None
        value = value[part]
    return value


def given_keys(model: type[BaseModel], values: Mapping[str, Any]) -> Iterator[tuple[Key, Any]]:
    """Yield the known keys that raw values hold, each with its raw value."""
    for name, field in fields_of(model).items():
        if name not in values:
            continue
        value = values[name]
        if table := table_of(field.annotation):
            yield from _beneath(table, (name,), value)
        elif table := named_tables_of(field.annotation):
            for table_name, table_value in value.items() if isinstance(value, dict) else ():
                yield from _beneath(table, (name, table_name), table_value)
        else:
            yield Key(path=(name,), field=field), value


def _beneath(table: type[BaseModel], prefix: tuple[str, ...], values: object) -> Iterator[tuple[Key, Any]]:
    if isinstance(values, dict):
        for key, value in given_keys(table, values):
            yield Key(path=(*prefix, *key.path), field=key.field), value
