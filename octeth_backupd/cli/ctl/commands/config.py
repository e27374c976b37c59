"""``config show``: the settings in force."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from octeth_backupd.cli.ctl.exit_codes import OK

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from octeth_backupd.cli.ctl.connection import Connection, Json
    from octeth_backupd.cli.ctl.screen import Screen

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")


class ConfigCommand:
    """See Command."""

    name = "config"
    summary = "the settings in force, secrets masked"
    description = "Show the settings that the daemon runs with, defaults included, secrets masked."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """See Command.add_arguments."""
        parser.add_argument("action", choices=("show",), help="what to do with the settings")

    def run(self, _arguments: argparse.Namespace, connection: Connection, screen: Screen) -> int:
        """See Command.run."""
        document = connection.get("/v1/config")
        if screen.as_json:
            screen.document(document)
        else:
            for line in toml_lines(document["settings"]):
                screen.line(line)
        return OK


def toml_lines(table: Json, path: str = "") -> Iterator[str]:
    """Yield nested settings as they would stand in the configuration file; what is not set is left out."""
    plain = {name: value for name, value in table.items() if not isinstance(value, dict) and value is not None}
    if plain and path:
        yield f"[{path}]"
    for name, value in plain.items():
        # The JSON text of a string, number or list is TOML, too.
        yield f"{_key(name)} = {json.dumps(value, ensure_ascii=False)}"
    if plain:
        yield ""
    for name, value in table.items():
        if isinstance(value, dict):
            yield from toml_lines(value, f"{path}.{_key(name)}" if path else _key(name))


def _key(name: str) -> str:
    """Return a key as TOML wants it: bare where it may be."""
    return name if _BARE_KEY.fullmatch(name) else json.dumps(name, ensure_ascii=False)
