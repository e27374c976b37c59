"""A wrapper that runs the real mariadb-backup and then spoils its result."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

from tests.standins import lies
from tests.standins.lies import Lie
from tests.standins.standin_settings import StandinSettings

_COMPLETED: Final = "completed OK!"
_CHECKPOINTS: Final = ("xtrabackup_checkpoints", "mariadb_backup_checkpoints")
_INFOS: Final = ("xtrabackup_info", "mariadb_backup_info")
_IMITATED_FOR_PREPARE: Final = frozenset({Lie.UNPREPARED, Lie.PREPARE_EXIT_1, Lie.PREPARE_HANG})


class UnsuitableLieError(Exception):
    """MariaDB has nothing that this lie could spoil."""


def main(arguments: list[str]) -> int:
    """Run mariadb-backup with these arguments, do the damage, and return an exit code."""
    settings = StandinSettings.from_environment()
    target = Path(_argument(arguments, "--target-dir", "./xtrabackup_backupfiles"))
    if "--prepare" in arguments and settings.lie in _IMITATED_FOR_PREPARE:
        return _lie_about_prepare(settings.lie)
    if "--backup" in arguments and settings.lie not in _IMITATED_FOR_PREPARE:
        return _back_up(arguments, settings, target)
    return subprocess.call([settings.program, *arguments])


def _lie_about_prepare(lie: Lie) -> int:
    if lie is Lie.PREPARE_HANG:
        lies.hang(_say)
    if lie is Lie.PREPARE_EXIT_1:
        _say("FATAL ERROR: failed to apply the redo log")
        return 1
    _say(_COMPLETED)
    return 0


def _back_up(arguments: list[str], settings: StandinSettings, target: Path) -> int:
    if settings.lie is Lie.HANG:
        lies.hang(_say)
    if settings.lie is Lie.FILL_DISK:
        lies.fill_disk(target, _say)
    exit_code = _run(arguments, settings)
    if exit_code == 0 and settings.lie in _DAMAGES:
        _DAMAGES[settings.lie](target)
    return 1 if settings.lie is Lie.EXIT_1 else exit_code


def _run(arguments: list[str], settings: StandinSettings) -> int:
    """Run the real program, and pass its lines on, with what the lie changes in them."""
    with subprocess.Popen(
        [settings.program, *arguments], stderr=subprocess.PIPE, text=True, errors="replace"
    ) as process:
        assert process.stderr is not None
        _pass_on(process.stderr, settings)
    return process.returncode if process.returncode >= 0 else 128 - process.returncode


def _pass_on(lines: Iterable[str], settings: StandinSettings) -> None:
    for line in lines:
        if _COMPLETED in line:
            if settings.lie is Lie.SLOW:
                _wait_with_progress(settings.seconds)
            if settings.lie is Lie.ERROR_LINE:
                _say("FATAL ERROR: failed to copy datafile.")
            if settings.lie in {Lie.NO_COMPLETED_OK, Lie.EXIT_1}:
                continue
        sys.stderr.write(line)
        sys.stderr.flush()


def _wait_with_progress(seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        _say(">> log scanned up to (44404)")
        time.sleep(min(0.2, seconds))


def _remove(target: Path, names: Iterable[str]) -> None:
    for name in names:
        (target / name).unlink(missing_ok=True)


def _name_another_server(target: Path) -> None:
    raise UnsuitableLieError(f"a backup of MariaDB names no server: {target}")


def _say(message: str) -> None:
    fatal, separator, text = message.partition("FATAL ERROR: ")
    stamp = time.strftime("%Y-%m-%d %H:%M:%S")
    line = f"[00] FATAL ERROR: {stamp} {text}" if separator else f"[00] {stamp} {fatal}"
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


def _argument(arguments: list[str], name: str, default: str) -> str:
    for argument in arguments:
        if argument.startswith(f"{name}="):
            return argument.partition("=")[2]
    return default


_DAMAGES: Final[dict[Lie, Callable[[Path], None]]] = {
    Lie.CUT: lies.cut_a_tablespace,
    Lie.ZEROS: lies.empty_a_tablespace,
    Lie.OMIT_TABLESPACE: lies.omit_a_tablespace,
    Lie.WITHOUT_REDO: lambda target: _remove(target, ["ib_logfile0"]),
    Lie.CHECKPOINTS_MISSING: lambda target: _remove(target, _CHECKPOINTS),
    Lie.METADATA_MISSING: lambda target: _remove(target, _INFOS),
    Lie.OTHER_SERVER: _name_another_server,
}
