"""Documentation written from the models: the example file and the reference page.

``python -m octeth_backupd.settings.reference --write`` brings both up to date; without ``--write`` it says which are
not.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from octeth_backupd.settings.changes import RESTART_KEYS
from octeth_backupd.settings.environment import environment_name
from octeth_backupd.settings.example import default_text, example_file, section_text
from octeth_backupd.settings.keys import NAME, fields_of, is_secret, keys_of, named_tables_of, table_of
from octeth_backupd.settings.kinds import kind_of
from octeth_backupd.settings.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pydantic import BaseModel
    from pydantic.fields import FieldInfo

    from octeth_backupd.settings.keys import Key

EXAMPLE_PATH = Path("etc/octeth-backupd/config.toml")
PAGE_PATH = Path("docs/reference/settings.md")
_HEAD = """\
# Settings

<!-- Written from the settings models by `python -m octeth_backupd.settings.reference --write`. -->

octeth-backupd reads `/etc/octeth-backupd/config.toml`, or the file named with `--config`. The file
[etc/octeth-backupd/config.toml](../../etc/octeth-backupd/config.toml) is a good start. Keep it at mode 0640,
`root:root`.

`octeth-backupd check-config` lists everything that is wrong, each with its path, and ends with exit code 78. A key that
does not exist is an error. After a change, `systemctl reload octeth-backupd` takes it up: running operations go on with
the old configuration, a file with problems changes nothing, and what needs a restart is named in the log:
RESTART_KEYS.

## Where a value comes from

The later one wins, key by key:

1. the default given below;
2. for `[daemon]`, the unit's `StateDirectory=` and `RuntimeDirectory=`;
3. the configuration file;
4. for secrets, systemd credentials;
5. environment variables, `OCTETH_BACKUPD_SECTION__KEY` with two underscores between the parts.

**Environment.** Names are in capitals, and a hyphen becomes an underscore
(`OCTETH_BACKUPD_ENGINES__MARIADB_BACKUP__PROGRAM`). Lists are JSON:
`OCTETH_BACKUPD_SERVERS__OEMPRO__DATABASES='["oempro"]'`. A variable with the prefix that fits no key is an error.

**Secrets** are given in one of three ways, best first:

- a systemd credential called like the key, in the unit:
  `LoadCredential=servers.oempro.password:/etc/octeth-backupd/oempro.password`. A credential whose name has a dot but
  is no secret of this page is an error; others are left alone;
- a file named by the key with `_file` at its end: `password_file = "/etc/octeth-backupd/oempro.password"`. It holds the
  secret on its only line; the newline at its end does not belong to the secret. Mode 0600; a file that every user can
  read is warned of;
- the key itself, in a configuration file that only root can read. In the environment it works but is warned of.

A key and its `_file` key in the same place exclude each other; from different places, the stronger place wins.

**Values.** Sizes are a number of bytes or a text with a unit: `"500 MB"` is decimal, `"5 GiB"` binary. Durations are
whole seconds, and their keys end in `_seconds`. Paths are absolute. Cron rules have five fields, as in `crontab`.

**Names of servers** (`[servers.NAME]`) become part of paths: lower-case letters, digits, `-` and `_`, beginning with a
letter or digit, at most 63 characters. `latest`, `manual`, `daily`, `weekly` and `monthly` are reserved. Names of
storages (`[storages.NAME]`) and notifiers (`[notify.NAME]`) are of the same form; `local` and `s3` are reserved.
"""


def reference_page() -> str:
    """Return the text of ``docs/reference/settings.md``."""
    head = _HEAD.replace("RESTART_KEYS", ", ".join(f"`{key}`" for key in RESTART_KEYS))
    return "\n".join([head, *_sections(Settings, ())]).rstrip("\n") + "\n"


def stale_files(root: Path) -> list[Path]:
    """Return the generated files beneath ``root`` that are not what the models say."""
    return [path for path, text in _files() if not (root / path).is_file() or (root / path).read_text("utf-8") != text]


def main(argv: Sequence[str] | None = None) -> int:
    """Write the files, or say which are out of date (exit code 1)."""
    parser = argparse.ArgumentParser(description="Write the example configuration and the reference page.")
    parser.add_argument("--write", action="store_true", help="write the files that are out of date")
    parser.add_argument("--root", type=Path, default=Path(), help="the source tree (default: here)")
    arguments = parser.parse_args(argv)
    stale = stale_files(arguments.root)
    for path, text in _files():
        if path in stale:
            sys.stdout.write(f"{'written' if arguments.write else 'out of date'}: {path}\n")
            if arguments.write:
                (arguments.root / path).parent.mkdir(parents=True, exist_ok=True)
                (arguments.root / path).write_text(text, "utf-8")
    return 1 if stale and not arguments.write else 0


def _files() -> Iterator[tuple[Path, str]]:
    yield EXAMPLE_PATH, example_file()
    yield PAGE_PATH, reference_page()


def _sections(model: type[BaseModel], prefix: tuple[str, ...]) -> Iterator[str]:
    for name, field in fields_of(model).items():
        path = (*prefix, name)
        if named := named_tables_of(field.annotation):
            yield from _section(named, (*path, NAME), field)
        elif table := table_of(field.annotation):
            yield from _section(table, path, field)


def _section(model: type[BaseModel], path: tuple[str, ...], field: FieldInfo) -> Iterator[str]:
    keys = [key for key in keys_of(model, path) if len(key.path) == len(path) + 1]
    if keys:
        yield f"## [{'.'.join(path)}]\n\n{section_text(model, field)}\n"
        yield "| Key | Type | Default | Description | Environment |"
        yield "|---|---|---|---|---|"
        yield from (_row(key) for key in keys)
        yield ""
    yield from _sections(model, path)


def _row(key: Key) -> str:
    default = default_text(key.field)
    shown = (
        "required" if key.field.is_required() else f"`{default}`" if default and not is_secret(key.field) else "none"
    )
    cells = (
        f"`{key.path[-1]}`",
        kind_of(key.field),
        "required" if key.field.is_required() else shown,
        key.field.description or "",
        f"`{environment_name(key.path)}`",
    )
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


if __name__ == "__main__":
    sys.exit(main())
