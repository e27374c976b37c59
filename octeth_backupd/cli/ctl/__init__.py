"""octeth-backupctl: the command line of the daemon, over its Unix socket.

Imports nothing of the daemon: only the standard library, httpx and, on a terminal, rich. What is not needed for the
command at hand is not imported at all, so that ``--help`` and completion are immediate.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from octeth_backupd.cli.ctl.exit_codes import INTERRUPTED_BY_USER
from octeth_backupd.cli.ctl.failure import CommandFailedError
from octeth_backupd.cli.ctl.parser import build_parser
from octeth_backupd.cli.ctl.screen import Screen
from octeth_backupd.cli.reader import until_reader_leaves

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return the exit code; see docs/reference/exit-codes.md."""
    return until_reader_leaves(lambda: _main(argv))


def _main(argv: Sequence[str] | None) -> int:
    arguments = build_parser().parse_args(argv)
    screen = Screen.for_process(as_json=arguments.json)
    try:
        return _run(arguments, screen)
    except CommandFailedError as failure:
        screen.failure(failure)
        return failure.exit_code
    except KeyboardInterrupt:
        return INTERRUPTED_BY_USER


def _run(arguments: Namespace, screen: Screen) -> int:
    from octeth_backupd.cli.ctl.connection import Connection  # httpx is slow to import

    with Connection(arguments.socket) as connection:
        code: int = arguments.command.run(arguments, connection, screen)
    return code
