"""Turn pydantic's findings into problems an operator can act on."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from octeth_backupd.settings.keys import Place, is_secret, locate, value_at
from octeth_backupd.settings.kinds import choices_of, kind_of
from octeth_backupd.settings.problems import Problem, toml_path
from octeth_backupd.settings.settings import Settings
from octeth_backupd.settings.suggestions import did_you_mean, hint_for_unknown_key

if TYPE_CHECKING:
    from pydantic import ValidationError
    from pydantic_core import ErrorDetails

    from octeth_backupd.settings.layers import Merged

_EXAMPLE_SERVER = 'Add a table [servers.oempro] with container = "oempro_mysql", or another of your server.'
_NAME_HINT = "Begin with a letter or digit; then letters, digits, - and _; lower case, at most 63 characters."
_SENTENCE = re.compile(r"\.\s+(?=[A-Z])|\n")
_OWN_WORDS = frozenset({"value_error", "assertion_error"})


def problems_of(error: ValidationError, merged: Merged) -> list[Problem]:
    """Return every finding as a problem, with its TOML path and who said it; never with a value.

    Args:
        error: What validating the merged values raised.
        merged: Those values and their sources.
    """
    # Without input and context: either may hold a secret.
    details = error.errors(include_input=False, include_context=False, include_url=False)
    return [_problem(detail, merged) for detail in details]


def _problem(detail: ErrorDetails, merged: Merged) -> Problem:
    location = detail["loc"]
    place = locate(Settings, location)
    message, hint = _words(detail, place, merged)
    return Problem(path=toml_path(place.path), message=message, hint=hint, source=merged.source_of(place.path))


def _words(detail: ErrorDetails, place: Place, merged: Merged) -> tuple[str, str]:
    kind = detail["type"]
    if place.path in (("servers",), ()) and kind in ("missing", "too_short"):
        return "no server is configured", _EXAMPLE_SERVER
    if detail["loc"][-1:] == ("[key]",):
        what = {"storages": "storage", "notify": "notifier"}.get(str(detail["loc"][0]), "server")
        return f"not possible as the name of a {what}, which becomes part of paths", _NAME_HINT
    if kind == "extra_forbidden":
        return "unknown key", hint_for_unknown_key(place.path, place.siblings)
    if kind in ("model_type", "dict_type", "model_attributes_type"):
        return "must be a table", f"Write [{toml_path(place.path)}] on a line of its own, and its keys below."
    if kind == "missing":
        return "is missing", ""
    if kind in _OWN_WORDS:
        return _sentence(detail["msg"])
    if place.field is None:
        return _sentence(detail["msg"])
    return f"must be {kind_of(place.field)}", _hint_for_value(place, value_at(merged.values, place.path))


def _sentence(message: str) -> tuple[str, str]:
    """Take a message apart where it goes on with a sentence of its own, which is the hint."""
    text = message.removeprefix("Value error, ").removeprefix("Assertion failed, ")
    first, *hint = _SENTENCE.split(text, maxsplit=1)
    return (first[:1].lower() + first[1:] if first[1:2].islower() else first), "".join(hint)


def _hint_for_value(place: Place, value: Any) -> str:
    choices = choices_of(place.field) if place.field else ()
    if place.field is None or is_secret(place.field) or not isinstance(value, str) or not choices:
        return ""
    hint = did_you_mean(value, choices)
    return "" if hint.startswith("Known here") else hint
