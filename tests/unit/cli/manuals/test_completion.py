"""Completion knows every command, in each shell."""

from __future__ import annotations

import argparse

import pytest

from octeth_backupd.cli.ctl.parser import build_parser
from octeth_backupd.cli.manuals.completion import completions, fish_completion
from octeth_backupd.cli.manuals.grammar import subcommands

FILES = (
    "bash-completion/completions/octeth-backupctl",
    "zsh/vendor-completions/_octeth-backupctl",
    "fish/vendor_completions.d/octeth-backupctl.fish",
)


@pytest.mark.parametrize("name", FILES)
def test_every_command_can_be_completed(name: str) -> None:
    script = completions()[name]

    assert [command.name for command in subcommands(build_parser()) if command.name not in script] == []


def test_fish_is_told_choices_files_and_values() -> None:
    parser = argparse.ArgumentParser(prog="program", add_help=False)
    parser.add_argument("--shell", choices=("bash", "zsh"), help="which one's")
    parser.add_argument("--file", "-f", metavar="FILE", help="a file")
    parser.add_argument("--server", metavar="NAME", help="a name")
    parser.add_argument("operand")
    parser.add_argument("what", choices=("list", "test"), help="what to do")

    lines = fish_completion(parser).splitlines()

    assert lines == [
        "complete -c program -f",
        r"complete -c program -n '__fish_use_subcommand' -l shell -x -a 'bash zsh' -d 'which one\'s'",
        "complete -c program -n '__fish_use_subcommand' -l file -s f -r -F -d 'a file'",
        "complete -c program -n '__fish_use_subcommand' -l server -x -d 'a name'",
        "complete -c program -n '__fish_use_subcommand; and not __fish_seen_subcommand_from list test' -a 'list test' "
        "-d 'what to do'",
    ]
