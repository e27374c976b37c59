"""What an argparse parser knows of itself, as values: commands, options, operands."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True, slots=True, kw_only=True)
class Argument:
    """An option or an operand.

    Attributes:
        flags: Such as ``--verbose`` and ``-v``; empty for an operand.
        value: What stands for its value; empty for a switch.
        text: What it does.
        choices: The values that it takes where it takes only some.
    """

    flags: tuple[str, ...]
    value: str
    text: str
    choices: tuple[str, ...]

    @property
    def term(self) -> str:
        """Return it as it is written on a command line."""
        return f"{', '.join(self.flags)} {self.value}".strip()


@dataclass(frozen=True, slots=True, kw_only=True)
class Subcommand:
    """A command of a program."""

    name: str
    summary: str
    description: str
    usage: str
    arguments: tuple[Argument, ...]


def subcommands(parser: argparse.ArgumentParser) -> tuple[Subcommand, ...]:
    """Return a program's commands in their order."""
    found = []
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            summaries = {choice.dest: choice.help or "" for choice in action._choices_actions}
            for name, command in action.choices.items():
                found.append(
                    Subcommand(
                        name=name,
                        summary=summaries.get(name, ""),
                        description=command.description or summaries.get(name, ""),
                        usage=" ".join(command.format_usage().removeprefix("usage: ").split()),
                        arguments=arguments(command),
                    )
                )
    return tuple(found)


def arguments(parser: argparse.ArgumentParser) -> tuple[Argument, ...]:
    """Return a parser's own options and operands, ``--help`` and commands left out."""
    return tuple(_arguments(parser))


def _arguments(parser: argparse.ArgumentParser) -> Iterator[Argument]:
    formatter = parser._get_formatter()
    for action in parser._actions:
        if isinstance(action, argparse._HelpAction | argparse._SubParsersAction):
            continue
        metavar = action.metavar if isinstance(action.metavar, str) else action.dest.upper()
        yield Argument(
            flags=tuple(action.option_strings),
            value="" if action.nargs == 0 else metavar,
            text="" if action.help in (None, argparse.SUPPRESS) else formatter._expand_help(action),
            choices=tuple(str(choice) for choice in action.choices or ()),
        )
