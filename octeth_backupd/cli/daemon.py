"""``octeth-backupd``: run the daemon, check its configuration, write one by asking, or from the bash tool's."""

from __future__ import annotations

import argparse
import gc
import json
import os
import sys
import threading
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from octeth_backupd import __version__
from octeth_backupd.cli.ctl.screen import printable
from octeth_backupd.cli.reader import until_reader_leaves
from octeth_backupd.cli.setup_arguments import add_setup_arguments
from octeth_backupd.errors import BackupdError, ConfigurationError
from octeth_backupd.settings.hook_programs import hook_problems
from octeth_backupd.settings.load import Examination, examine, load, refusal
from octeth_backupd.settings.problems import Problem, render_problems
from octeth_backupd.settings.summary import summary_lines
from octeth_backupd.telemetry.journal import is_journal

if TYPE_CHECKING:
    from collections.abc import Sequence

DEFAULT_CONFIG = Path("/etc/octeth-backupd/config.toml")
_EXIT_CODES = """\
exit codes:
  0   the configuration is good; the daemon was stopped in good order; the import or setup is done
  1   the daemon failed; setup: the server cannot be asked, or a program failed; nothing was written
  2   the command line is wrong; setup: something is missing, and nobody is there to ask
  3   setup: not confirmed
  4   import: no configuration of the bash tool in that directory
  8   setup: all is written, and a check, the start or the first backup failed
  70  a thread of the daemon had died; it ended so that it is started again
  75  another daemon holds the state directory; an import must wait for it, or for the bash tool; setup: a run goes on
  77  import, setup: not root
  78  the configuration cannot be used, or would be overwritten
  130 import, setup: Ctrl-C; nothing is half done but what is named
  141 whoever read the output left before its end, as "| head" does
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code.

    Args:
        argv: Arguments without the program's name; default: the process's.
    """
    return until_reader_leaves(lambda: _main(argv))


def _main(argv: Sequence[str] | None) -> int:
    arguments = build_parser().parse_args(argv)
    try:
        match arguments.command:
            case "serve":
                return _serve(arguments.config)
            case "import":
                from octeth_backupd.cli.import_command import import_from

                return import_from(arguments)
            case "setup":
                from octeth_backupd.cli.setup_command import set_up

                return set_up(arguments)
            case _:
                return _check_config(arguments)
    except BackupdError as error:
        _complain(error)
        return error.exit_code


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of all commands."""
    parser = argparse.ArgumentParser(
        prog="octeth-backupd",
        description="Hot physical backups of MySQL and MariaDB servers that are checked before they are called good.",
        epilog=_EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    serve = commands.add_parser("serve", help="run the daemon in the foreground; systemd does this")
    check = commands.add_parser("check-config", help="list everything that is wrong with the configuration")
    importing = commands.add_parser("import", help="take over settings and archives of the bash tool; as root")
    setup = commands.add_parser("setup", help="look for servers, ask, and write the configuration; as root")
    for command in (serve, check, importing, setup):
        command.description = f"{command.prog}: see docs/reference/settings.md for every key."
        command.add_argument(
            "--config", type=Path, default=DEFAULT_CONFIG, metavar="FILE", help="configuration file (%(default)s)"
        )
    check.add_argument("--quiet", action="store_true", help="say nothing of a good configuration but warnings")
    _add_import_arguments(importing)
    add_setup_arguments(setup)
    for command in (check, importing):
        command.add_argument("--json", action="store_true", help="print the result as JSON")
    return parser


def _add_import_arguments(command: argparse.ArgumentParser) -> None:
    command.description = "octeth-backupd import: see docs/how-to/move-from-the-bash-tool.md."
    command.add_argument("directory", type=Path, metavar="DIR", help="where the bash tool is, or its configuration")
    command.add_argument("--dry-run", action="store_true", help="change nothing; print report and configuration")
    only = command.add_mutually_exclusive_group()
    only.add_argument("--output", type=Path, metavar="FILE", help="write the configuration there, and do nothing else")
    only.add_argument("--archives", action="store_true", help="adopt archives under the configuration that is there")
    command.add_argument("--server", default="", metavar="NAME", help="with --archives: whose archives they are")
    command.add_argument(
        "--timezone", default="", metavar="ZONE", help="time zone of the archives' names (that of the schedules)"
    )
    command.add_argument("--remove-cron", action="store_true", help="remove cron's lines for the bash tool")


def _serve(config: Path) -> int:
    settings = load(config, os.environ, on_warning=_warn)
    gc.disable()  # what imports make stays: looking through it for garbage is a tenth of the time to READY
    from octeth_backupd.app import serve  # the whole daemon, which check-config does without

    gc.freeze()
    gc.enable()
    threads = set(threading.enumerate())
    try:
        exit_code = serve(settings, config_path=config)
    except BackupdError as error:
        _complain(error)
        exit_code = error.exit_code
    if set(threading.enumerate()) - threads:
        # One that waits for a server must not keep the daemon from ending, nor be in C code when the interpreter goes.
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(exit_code)
    return exit_code


def _check_config(arguments: argparse.Namespace) -> int:
    examination = _with_hooks(examine(arguments.config, os.environ))
    if arguments.json:
        _print_json(examination)
    elif examination.settings is None:
        raise refusal(examination, arguments.config)
    elif not arguments.quiet:
        print(f"{arguments.config} is good.\n")
        print("\n".join(summary_lines(examination.settings, now=datetime.now(UTC))))
    for problem in examination.problems:
        if problem.is_warning and not arguments.json:
            _warn(problem)
    return 0 if examination.settings is not None else ConfigurationError.exit_code


def _with_hooks(examination: Examination) -> Examination:
    """Add what is wrong with the programs of hooks, which does not keep a daemon from starting."""
    problems = () if examination.settings is None else tuple(hook_problems(examination.settings))
    return replace(examination, settings=None, problems=examination.problems + problems) if problems else examination


def _print_json(examination: Examination) -> None:
    problems = [asdict(problem) for problem in examination.problems]
    print(json.dumps({"ok": examination.settings is not None, "problems": problems}, indent=2))


def _warn(problem: Problem) -> None:
    _say_on_stderr(f"warning:\n{render_problems([problem])}", level=4)


def _complain(error: BackupdError) -> None:
    _say_on_stderr(printable(f"octeth-backupd: {error.message}"), level=3)
    if error.hint:
        _say_on_stderr(printable(error.hint), level=3)


def _say_on_stderr(text: str, *, level: int) -> None:
    """Print a text; each line with its level where the journal reads it, as a reload's check is read (sd-daemon(3))."""
    prefix = f"<{level}>" if is_journal(sys.stderr, os.environ.get("JOURNAL_STREAM", "")) else ""
    print("\n".join(f"{prefix}{line}" for line in text.split("\n")), file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
