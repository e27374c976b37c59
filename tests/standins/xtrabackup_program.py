"""The stand-in's main function."""

import ctypes
import signal
import sys
from typing import Final

import pymysql

from tests.standins import xtrabackup_log as log
from tests.standins.clone_source import CloneError
from tests.standins.lies import Lie
from tests.standins.standin_settings import StandinSettings
from tests.standins.xtrabackup_backup import BackupError, back_up
from tests.standins.xtrabackup_options import Options, UsageError, parse_command_line
from tests.standins.xtrabackup_prepare import PrepareError, prepare

_PR_SET_PDEATHSIG: Final = 1


def main(arguments: list[str]) -> int:
    """Do what the command line says and return the exit code."""
    settings = StandinSettings.from_environment()
    try:
        options = parse_command_line(arguments)
    except UsageError as error:
        log.bare(f"xtrabackup: [ERROR] {error}.")
        return 1
    log.bare(version_line(settings.version))
    if options.mode == "version":
        return 0
    _die_with_the_parent_thread()
    try:
        _run(options, settings, arguments)
    except pymysql.err.MySQLError as error:
        log.error(_describe(error))
        return 1
    except (BackupError, PrepareError, CloneError) as error:
        log.error(str(error))
        return 1
    if settings.lie is Lie.EXIT_1 and options.mode == "backup":
        log.error("failed to execute query 'UNLOCK INSTANCE' : 2013 (HY000) Lost connection to MySQL server")
        return 1
    if not (settings.lie is Lie.NO_COMPLETED_OK and options.mode == "backup"):
        log.note("completed OK!")
    return 0


def version_line(version: str) -> str:
    """Return the line of ``--version``, which goes to standard error."""
    server = version.partition("-")[0]
    return f"xtrabackup version {version} based on MySQL server {server} Linux (x86_64) (revision id: 00000000)"


def _run(options: Options, settings: StandinSettings, arguments: list[str]) -> None:
    match options.mode:
        case "backup":
            back_up(options, settings, arguments)
        case "prepare":
            prepare(options, settings)
        case _:
            raise BackupError(f"stand-in: --{options.mode} is not imitated")


def _describe(error: pymysql.err.MySQLError) -> str:
    number, text = (*error.args, "", "")[:2]
    if number in {1044, 1045, 2002, 2003, 2006, 2013}:
        return f"Failed to connect to MySQL server: {text}"
    return f"failed to execute query: {number} {text}"


def _die_with_the_parent_thread() -> None:
    """Ask for SIGKILL when the thread that has started this program ends.

    Source:
        percona-xtrabackup, xtrabackup.cc: prctl(PR_SET_PDEATHSIG, SIGKILL).
    """
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
