"""The manual pages: octeth-backupd(8), octeth-backupctl(1), octeth-backupd.toml(5)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from octeth_backupd.cli import daemon
from octeth_backupd.cli.ctl.parser import build_parser
from octeth_backupd.cli.manuals import roff
from octeth_backupd.cli.manuals.grammar import arguments, subcommands
from octeth_backupd.settings.environment import environment_name
from octeth_backupd.settings.example import default_text, section_text
from octeth_backupd.settings.keys import NAME, fields_of, is_secret, keys_of, named_tables_of, table_of
from octeth_backupd.settings.kinds import kind_of
from octeth_backupd.settings.settings import Settings

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Mapping

    from pydantic import BaseModel
    from pydantic.fields import FieldInfo

    from octeth_backupd.settings.keys import Key

CONFIGURATION = "/etc/octeth-backupd/config.toml"
_FILES_OF_DAEMON = {
    CONFIGURATION: "The configuration, octeth-backupd.toml(5); root's alone.",
    "/var/lib/octeth-backupd": "Catalog, schedules, journals of restores.",
    "/var/backups/octeth": "Backups, unless the configuration names another place.",
    "/run/octeth-backupd/control.sock": "What octeth-backupctl(1) talks to.",
}
_SIGNALS = {
    "SIGTERM, SIGINT": (
        "Ends it: running backups are cancelled, a restore that has stopped its server is brought to its end first."
    ),
    "SIGHUP": "Takes up a changed configuration; one with mistakes changes nothing.",
}
_FILES_OF_CONTROL = {"/run/octeth-backupd/control.sock": "The daemon's socket; `OCTETH_BACKUPD_SOCKET` names another."}
_SETTINGS_INTRODUCTION = (
    "TOML. Whatever is left out has its default. `octeth-backupd check-config` lists everything that is wrong, each "
    "with its path; a key that does not exist is an error. `systemctl reload octeth-backupd` takes up a change.",
    "A value may also come from the environment (`OCTETH_BACKUPD_SECTION__KEY`), which is stronger than the file, and "
    "a secret from a systemd credential that is called like its key, or from the file that the key with `_file` at its "
    "end names.",
)


def manual_pages() -> dict[str, str]:
    """Return every page by the name of its file."""
    return {
        "octeth-backupd.8": _program(
            daemon.build_parser(), 8, {"SIGNALS": _SIGNALS, "FILES": _FILES_OF_DAEMON}, "octeth-backupctl(1)"
        ),
        "octeth-backupctl.1": _program(build_parser(), 1, {"FILES": _FILES_OF_CONTROL}, "octeth-backupd(8)"),
        "octeth-backupd.toml.5": _settings(),
    }


def _program(parser: argparse.ArgumentParser, section: int, facts: Mapping[str, Mapping[str, str]], other: str) -> str:
    return "\n".join([*_program_lines(parser, section, facts, other), ""])


def _program_lines(
    parser: argparse.ArgumentParser, section: int, facts: Mapping[str, Mapping[str, str]], other: str
) -> Iterator[str]:
    summary = (parser.description or "").rstrip(".")
    yield roff.title(parser.prog, section)
    yield roff.heading("NAME")
    yield f"{roff.escaped(parser.prog)} \\- {roff.escaped(summary[:1].lower() + summary[1:])}"
    yield roff.heading("SYNOPSIS")
    yield roff.paragraph(f"`{parser.prog}` [options] COMMAND ...")
    yield roff.heading("OPTIONS")
    for argument in arguments(parser):
        yield roff.entry(argument.term, argument.text)
    yield roff.heading("COMMANDS")
    for command in subcommands(parser):
        yield roff.subheading(command.name)
        yield roff.paragraph(command.usage)
        yield roff.paragraph(command.description)
        for argument in command.arguments:
            yield roff.entry(argument.term, argument.text)
    for heading, entries in facts.items():
        yield roff.heading(heading)
        for term, text in entries.items():
            yield roff.entry(term, text)
    if parser.epilog:
        yield roff.heading("EXIT STATUS")
        yield roff.verbatim(parser.epilog)
    yield roff.heading("SEE ALSO")
    yield roff.paragraph(f"{other}, octeth-backupd.toml(5), /usr/share/doc/octeth-backupd/")


def _settings() -> str:
    return "\n".join([*_settings_lines(), ""])


def _settings_lines() -> Iterator[str]:
    yield roff.title("octeth-backupd.toml", 5)
    yield roff.heading("NAME")
    yield r"octeth\-backupd.toml \- configuration of octeth\-backupd"
    yield roff.heading("SYNOPSIS")
    yield roff.paragraph(f"`{CONFIGURATION}`")
    yield roff.heading("DESCRIPTION")
    for text in _SETTINGS_INTRODUCTION:
        yield roff.paragraph(text)
    yield from _tables(Settings, ())
    yield roff.heading("SEE ALSO")
    yield roff.paragraph("octeth-backupd(8), octeth-backupctl(1)")


def _tables(model: type[BaseModel], prefix: tuple[str, ...]) -> Iterator[str]:
    for name, field in fields_of(model).items():
        path = (*prefix, name)
        if named := named_tables_of(field.annotation):
            yield from _table(named, (*path, NAME), field)
        elif table := table_of(field.annotation):
            yield from _table(table, path, field)


def _table(model: type[BaseModel], path: tuple[str, ...], field: FieldInfo) -> Iterator[str]:
    keys = [key for key in keys_of(model, path) if len(key.path) == len(path) + 1]
    if keys:
        yield roff.heading(f"[{'.'.join(path)}]")
        yield roff.paragraph(section_text(model, field))
    for key in keys:
        yield roff.entry(key.path[-1], _said_of(key))
    yield from _tables(model, path)


def _said_of(key: Key) -> str:
    default = default_text(key.field)
    facts = [f"Takes {kind_of(key.field)}."]
    if key.field.is_required():
        facts.append("Required.")
    elif default and not is_secret(key.field):
        facts.append(f"Default: `{default}`.")
    description = key.field.description or ""
    return f"{description} {' '.join(facts)} Environment: `{environment_name(key.path)}`.".strip()
