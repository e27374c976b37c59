"""The grammar of the command line."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from octeth_backupd import __version__
from octeth_backupd.cli.ctl.commands.registry import COMMANDS

if TYPE_CHECKING:
    from collections.abc import Sequence

DEFAULT_SOCKET = "/run/octeth-backupd/control.sock"
_SHELLS = ("bash", "zsh")


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of all commands; ``--socket`` and ``--json`` may stand before or after the command."""
    parser = argparse.ArgumentParser(
        prog="octeth-backupctl",
        description="Ask and steer the backup daemon octeth-backupd.",
        epilog="Exit codes: 0 success, 8 degraded, 9 the backup is suspect, 1 failed; "
        "the others are in docs/reference/exit-codes.md.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"octeth-backupctl {__version__}")
    parser.add_argument(
        "--print-completion",
        action=_PrintCompletion,
        choices=_SHELLS,
        metavar="SHELL",
        help="print the completion script for bash or zsh and exit",
    )
    _add_common(parser, socket=Path(os.environ.get("OCTETH_BACKUPD_SOCKET") or DEFAULT_SOCKET), as_json=False)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for command in COMMANDS:
        subparser = commands.add_parser(
            command.name, help=command.summary, description=command.description, allow_abbrev=False
        )
        command.add_arguments(subparser)
        _add_common(subparser, socket=argparse.SUPPRESS, as_json=argparse.SUPPRESS)
        subparser.set_defaults(command=command)
    return parser


def _add_common(parser: argparse.ArgumentParser, *, socket: Any, as_json: Any) -> None:
    parser.add_argument(
        "--socket",
        type=Path,
        default=socket,
        metavar="PATH",
        help=f"the daemon's socket (default: $OCTETH_BACKUPD_SOCKET, else {DEFAULT_SOCKET})",
    )
    parser.add_argument(
        "--json",
        action="store_true",
        default=as_json,
        help="write JSON: one document, or one object a line for streams",
    )


class _PrintCompletion(argparse.Action):
    """Print the completion script of a shell and end."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        _namespace: argparse.Namespace,
        values: str | Sequence[Any] | None,
        _option_string: str | None = None,
    ) -> None:
        import shtab  # needed by nobody else, and slow to import

        print(shtab.complete(parser, shell=str(values)))
        parser.exit()
