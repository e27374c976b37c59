"""Completion for the shells: bash and zsh by shtab, fish by ourselves, which shtab does not know."""

from __future__ import annotations

from typing import TYPE_CHECKING

from octeth_backupd.cli import daemon
from octeth_backupd.cli.ctl.parser import build_parser
from octeth_backupd.cli.manuals.grammar import arguments, subcommands

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from octeth_backupd.cli.manuals.grammar import Argument


def completions() -> dict[str, str]:
    """Return each completion by the name of its file beneath ``/usr/share``."""
    import shtab  # slow to import

    found = {}
    for parser in (daemon.build_parser(), build_parser()):
        for shell, name in (
            ("bash", f"bash-completion/completions/{parser.prog}"),
            ("zsh", f"zsh/vendor-completions/_{parser.prog}"),
        ):
            found[name] = shtab.complete(parser, shell=shell) + "\n"
        found[f"fish/vendor_completions.d/{parser.prog}.fish"] = fish_completion(parser)
    return found


def fish_completion(parser: argparse.ArgumentParser) -> str:
    """Return what fish reads to complete a program's commands and options.

    Source:
        fish manual, ``complete``.
    """
    return "\n".join([*_fish_lines(parser), ""])


def _fish_lines(parser: argparse.ArgumentParser) -> Iterator[str]:
    program = parser.prog
    yield f"complete -c {program} -f"
    for argument in arguments(parser):
        yield from _fish_argument(program, "__fish_use_subcommand", argument)
    for command in subcommands(parser):
        yield (
            f"complete -c {program} -n __fish_use_subcommand -a {_quoted(command.name)} -d {_quoted(command.summary)}"
        )
        for argument in command.arguments:
            yield from _fish_argument(program, f"__fish_seen_subcommand_from {command.name}", argument)


def _fish_argument(program: str, condition: str, argument: Argument) -> Iterator[str]:
    if not argument.flags:
        if argument.choices:
            choices = " ".join(argument.choices)
            unless = f"{condition}; and not __fish_seen_subcommand_from {choices}"
            yield f"complete -c {program} -n {_quoted(unless)} -a {_quoted(choices)} -d {_quoted(argument.text)}"
        return
    words = [f"complete -c {program} -n {_quoted(condition)}"]
    words += [f"-l {flag[2:]}" if flag.startswith("--") else f"-s {flag[1:]}" for flag in argument.flags]
    if argument.choices:
        words.append(f"-x -a {_quoted(' '.join(argument.choices))}")
    elif argument.value in {"FILE", "PATH", "DIR", "DIRECTORY"}:
        words.append("-r -F")
    elif argument.value:
        words.append("-x")
    yield " ".join([*words, f"-d {_quoted(argument.text)}"])


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
