"""What is read out of an argparse parser."""

from __future__ import annotations

import argparse

from octeth_backupd.cli.manuals.grammar import arguments, subcommands


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(prog="program")
    made.add_argument("--config", "-c", metavar="FILE", default="x.toml", help="the file (%(default)s)")
    commands = made.add_subparsers()
    shell = commands.add_parser("shell", help="short", description="Long.")
    shell.add_argument("kind", choices=("bash", "zsh"), help="which")
    shell.add_argument("--loud", action="store_true")
    return made


def test_option_has_its_flags_value_and_default() -> None:
    [option] = arguments(parser())

    assert option.flags == ("--config", "-c")
    assert option.term == "--config, -c FILE"
    assert option.text == "the file (x.toml)"


def test_command_has_its_own_operands_and_switches() -> None:
    [command] = subcommands(parser())

    assert (command.name, command.summary, command.description) == ("shell", "short", "Long.")
    assert command.usage.startswith("program shell [-h]")
    kind, loud = command.arguments
    assert (kind.flags, kind.choices) == ((), ("bash", "zsh"))
    assert (loud.term, loud.text) == ("--loud", "")
