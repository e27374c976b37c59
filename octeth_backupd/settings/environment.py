"""Settings from the environment: ``OCTETH_BACKUPD_SECTION__KEY``, one layer for each variable."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from pydantic_settings import BaseSettings, EnvSettingsSource, SettingsConfigDict, SettingsError

from octeth_backupd.process.mark import ENVIRONMENT_NAME
from octeth_backupd.settings.keys import NAME, fields_of, keys_of, named_tables_of, table_of
from octeth_backupd.settings.layers import Layer
from octeth_backupd.settings.problems import Problem
from octeth_backupd.settings.settings import Settings
from octeth_backupd.settings.suggestions import closest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pydantic import BaseModel

    from octeth_backupd.settings.keys import Names

ENVIRONMENT_PREFIX = "OCTETH_BACKUPD_"
ENVIRONMENT_DELIMITER = "__"
NO_SETTINGS = frozenset({"OCTETH_BACKUPD_SOCKET", ENVIRONMENT_NAME})
"""Variables with the prefix that mean something else: octeth-backupctl's socket, the mark on a run's programs."""


_BOOLEANS = dict.fromkeys(("true", "t", "yes", "y", "on", "1"), True) | dict.fromkeys(
    ("false", "f", "no", "n", "off", "0"), False
)
"""A variable is always a text; these mean what a file says without quotes."""


class _Shape(Settings, BaseSettings):
    """What pydantic-settings needs to know of the models; never made: it would read the environment by itself."""

    model_config = SettingsConfigDict(env_prefix=ENVIRONMENT_PREFIX, env_nested_delimiter=ENVIRONMENT_DELIMITER)


class _OneVariable(EnvSettingsSource):
    """pydantic-settings' own reading of nested names and JSON, applied to a single variable."""

    def __init__(self, name: str, value: str) -> None:
        super().__init__(_Shape)
        self.env_vars = {name.lower(): value}


def environment_name(path: Sequence[str]) -> str:
    """Return the variable that overrides a key; systemd and shells allow no hyphen in its name."""
    return (ENVIRONMENT_PREFIX + ENVIRONMENT_DELIMITER.join(path)).upper().replace("-", "_")


def read_environment(environment: Mapping[str, str], *, names: Names) -> Iterator[Layer | Problem]:
    """Yield a layer for each variable with the prefix, or what is wrong with its name or form.

    Args:
        environment: The process's, or a test's own.
        names: Of the servers and storages that the file has.
    """
    for name, value in sorted(environment.items()):
        if not name.upper().startswith(ENVIRONMENT_PREFIX) or name.upper() in NO_SETTINGS:
            continue
        source = f"environment variable {name}"
        try:
            values = _OneVariable(name, value)()
        except SettingsError:
            hint = """Write a list as JSON, ["a", "b"], and a table likewise, {"key": "value"}."""
            yield Problem(path="", message="the value is not JSON", hint=hint, source=source)
            continue
        if values:
            yield Layer(source=source, values=_as_in_toml(Settings, values, names))
        else:
            yield Problem(path="", message="no such setting", hint=_hint(name, names), source=source)


def _hint(name: str, names: Names) -> str:
    known = [environment_name(key.path) for key in keys_of(Settings, names=_or_any(names))]
    match = closest(
        name.upper().removeprefix(ENVIRONMENT_PREFIX), [key.removeprefix(ENVIRONMENT_PREFIX) for key in known]
    )
    if match:
        return f"Did you mean {ENVIRONMENT_PREFIX}{match}?"
    return f"Names are {ENVIRONMENT_PREFIX}SECTION{ENVIRONMENT_DELIMITER}KEY, such as {known[-1]}."


def _or_any(names: Names) -> dict[str, Sequence[str]]:
    groups = [name for name, field in fields_of(Settings).items() if named_tables_of(field.annotation)]
    return {group: names.get(group) or (NAME,) for group in groups}


def _as_in_toml(model: type[BaseModel], values: Mapping[str, Any], names: Names) -> dict[str, Any]:
    """Give keys the spelling of TOML where the environment has none for it (``MARIADB_BACKUP``)."""
    fields = fields_of(model)
    spelt: dict[str, Any] = {}
    for name, value in values.items():
        toml_name = _spelling(name, tuple(fields))
        spelt[toml_name] = value
        if toml_name in fields and fields[toml_name].annotation is bool and isinstance(value, str):
            spelt[toml_name] = _BOOLEANS.get(value.strip().lower(), value)
        if toml_name not in fields or not isinstance(value, dict):
            continue
        annotation = fields[toml_name].annotation
        if table := table_of(annotation):
            spelt[toml_name] = _as_in_toml(table, value, {})
        elif named := named_tables_of(annotation):
            spelt[toml_name] = {
                _spelling(table_name, names.get(toml_name, ())): (
                    _as_in_toml(named, table_values, {}) if isinstance(table_values, dict) else table_values
                )
                for table_name, table_values in value.items()
            }
    return spelt


def _spelling(name: str, choices: Sequence[str]) -> str:
    if name in choices:
        return name
    plain = re.sub("-", "_", name.lower())
    matches = [choice for choice in choices if choice.replace("-", "_") == plain]
    return matches[0] if len(matches) == 1 else name
