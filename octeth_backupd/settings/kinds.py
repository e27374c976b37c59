"""What kind of value a key takes, in words for messages and for the reference page."""

from __future__ import annotations

from pathlib import Path
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union, get_args, get_origin

import annotated_types
from pydantic import ByteSize, SecretStr
from pydantic.fields import FieldInfo

if TYPE_CHECKING:
    from collections.abc import Iterable

_PLAIN = {
    bool: "true or false",
    str: "text in quotes",
    SecretStr: "text in quotes",
    Path: "an absolute path in quotes",
    ByteSize: 'a size such as "5 GiB"',
}


def kind_of(field: FieldInfo) -> str:
    """Return what a value of this field is, to follow "must be" (``a whole number from 1 to 64 or "auto"``)."""
    return _kind(field.annotation, field.metadata)


def choices_of(field: FieldInfo) -> tuple[str, ...]:
    """Return the texts that a field accepts where it accepts only some."""
    return tuple(choice for choice in _literals(field.annotation) if isinstance(choice, str))


def takes_boolean(field: FieldInfo) -> bool:
    """Return whether true and false make sense here; pydantic takes them for 1 and 0."""
    return bool in (field.annotation, *get_args(field.annotation))


def takes_path(field: FieldInfo) -> bool:
    """Return whether the value is a path of the host."""
    return Path in (field.annotation, *get_args(field.annotation))


def takes_list(field: FieldInfo) -> bool:
    """Return whether the value is a list."""
    return get_origin(field.annotation) in (tuple, list, frozenset)


def _kind(annotation: Any, metadata: Iterable[Any] = ()) -> str:
    origin = get_origin(annotation)
    arguments = get_args(annotation)
    if origin is Annotated:
        return _kind(arguments[0], arguments[1:])
    if origin in (Union, UnionType):
        return " or ".join(dict.fromkeys(_kind(a, metadata) for a in arguments if a is not NoneType))
    if origin is Literal:
        texts = [f'"{choice}"' for choice in arguments]
        return texts[0] if len(texts) == 1 else f"one of {', '.join(texts)}"
    if origin is dict:
        return 'a table of texts such as {team = "mail"}'
    if origin in (tuple, list, frozenset):
        if arguments and get_origin(arguments[0]) is tuple:
            return 'a list of commands such as [["/usr/local/sbin/program", "argument"]]'
        return 'a list of texts such as ["a", "b"]'
    if annotation in (int, float):
        return ("a whole number" if annotation is int else "a number") + _bounds(metadata)
    return _PLAIN.get(annotation, "text in quotes")


def _bounds(metadata: Iterable[Any]) -> str:
    constraints = list(_flattened(metadata))
    low = next((constraint.ge for constraint in constraints if isinstance(constraint, annotated_types.Ge)), None)
    high = next((constraint.le for constraint in constraints if isinstance(constraint, annotated_types.Le)), None)
    if low is not None and high is not None:
        return f" from {low} to {high}"
    if low is not None:
        return f", at least {low}"
    return f", at most {high}" if high is not None else ""


def _flattened(metadata: Iterable[Any]) -> Iterable[Any]:
    for item in metadata:
        if isinstance(item, FieldInfo):
            yield from item.metadata
        else:
            yield item


def _literals(annotation: Any) -> tuple[Any, ...]:
    arguments = get_args(annotation)
    if get_origin(annotation) is Literal:
        return arguments
    if get_origin(annotation) in (Union, UnionType):
        return tuple(choice for argument in arguments for choice in _literals(argument))
    return ()
