"""``octeth-backupd setup``: what it needs of this host, and whom it asks."""

from __future__ import annotations

import argparse
import getpass
import os
import select
import signal
import socket
import sys
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from octeth_backupd.cli.ctl.screen import printable
from octeth_backupd.cli.import_command import import_from
from octeth_backupd.domain.backup import Operation
from octeth_backupd.domain.server import Placement
from octeth_backupd.domain.setup.databases import parse_databases
from octeth_backupd.errors import BusyError, InvalidRequestError, PermissionDeniedError
from octeth_backupd.process.clock import SystemClock
from octeth_backupd.process.docker import Docker, DockerSettings
from octeth_backupd.process.host import HostRunner
from octeth_backupd.process.mark import RunMark
from octeth_backupd.process.redaction import Redactor
from octeth_backupd.setup.discovery import discover
from octeth_backupd.setup.engine import SETUP_MARK
from octeth_backupd.setup.going_on import GoingOn
from octeth_backupd.setup.order import Machine, SetupOrder
from octeth_backupd.setup.prompt import NobodyPrompt, TerminalPrompt
from octeth_backupd.setup.run import run_setup

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

    from octeth_backupd.setup.prompt import Prompt

_INTERRUPTED = 130
_INTERRUPTED_WORDS = (
    "\ninterrupted; nothing is half done (anything that could not be taken back would be named above): run setup again"
)
_SCHEME = "unix://"
_LOOK_SECONDS = 0.5


def set_up(arguments: argparse.Namespace) -> int:
    """Set up as the command line says.

    Returns:
        The exit code.

    Raises:
        PermissionDeniedError: Not root.
        BackupdError: See ``run_setup``.
    """
    if os.geteuid() != 0:
        raise PermissionDeniedError("setup writes the daemon's configuration, as root", hint="Run it with sudo.")
    order = order_of(arguments)
    settings = DockerSettings()
    docker = Docker(settings.host)
    runner = HostRunner(mark=RunMark(SETUP_MARK, SETUP_MARK), redactor=Redactor(()), path=os.environ.get("PATH"))
    with _ended_by_signals():
        try:
            with _prompt(arguments) as prompt:
                machine = Machine(
                    clock=SystemClock(),
                    docker=docker,
                    host_runner=runner,
                    environment=os.environ,
                    prompt=prompt,
                    discover=lambda: discover(docker, runner, docker_socket=Path(settings.host.removeprefix(_SCHEME))),
                    read_stdin=sys.stdin.readline,
                    import_tool=lambda directory: _import(arguments, directory),
                    runs=_runs,
                    take_backup=_take_backup,
                    say=lambda text: print(printable(text), flush=True),
                )
                return run_setup(order, machine)
        except KeyboardInterrupt:
            with suppress(OSError):  # the terminal may be what was lost
                print(_INTERRUPTED_WORDS, file=sys.stderr)
            return _INTERRUPTED
        finally:
            docker.close()


def order_of(arguments: argparse.Namespace) -> SetupOrder:
    """Return what the command line asks for.

    Raises:
        InvalidRequestError: The socket is no absolute path.
    """
    places = {
        Placement.CONTAINER: arguments.container,
        Placement.SYSTEMD: arguments.unit,
        Placement.ADDRESS: arguments.socket or arguments.address,
    }
    if arguments.socket and not arguments.socket.startswith("/"):
        raise InvalidRequestError(f"{arguments.socket} is no absolute path", hint="A socket's path must begin with /.")
    return SetupOrder(
        config=arguments.config.absolute(),
        server=arguments.server,
        target=next(((placement, target) for placement, target in places.items() if target), None),
        user=arguments.user,
        password_file=arguments.password_file,
        directory=arguments.directory,
        databases=None if arguments.databases is None else parse_databases(arguments.databases),
        create_user=arguments.create_user,
        admin_user=arguments.admin_user,
        admin_password_file=arguments.admin_password_file,
        sidecar_image=arguments.sidecar_image,
        install_engine=arguments.install_engine,
        percona_release=arguments.percona_release,
        import_directory=arguments.import_directory,
        first_backup=arguments.first_backup,
        start=arguments.start,
        add=arguments.add,
        force=arguments.force,
        dry_run=arguments.dry_run,
        yes=arguments.yes,
    )


@contextmanager
def _prompt(arguments: argparse.Namespace) -> Iterator[Prompt]:
    """Yield whoever answers: at the terminal, even where standard input is a password or output a file."""
    if arguments.non_interactive:
        yield NobodyPrompt()
        return
    try:
        # Two objects: what is open for both at once must be able to seek, and a terminal cannot.
        source = Path("/dev/tty").open(encoding="utf-8", errors="replace")  # noqa: SIM115 - closed below
    except OSError as error:
        raise InvalidRequestError(
            "there is no terminal to ask at", hint="Run setup on one, or give --non-interactive and flags."
        ) from error
    with source, Path("/dev/tty").open("w", encoding="utf-8") as sink:
        yield TerminalPrompt(
            source,
            sink,
            read_hidden=getpass.getpass,
            yes=arguments.yes,
            wait_for_line=lambda: _wait_for_line(source.fileno()),
        )


def _wait_for_line(terminal: int) -> None:
    """Return when a line was typed; Python looks after Ctrl-C between two waits, and not while it begins to read."""
    while not select.select([terminal], [], [], _LOOK_SECONDS)[0]:
        continue


@contextmanager
def _ended_by_signals() -> Iterator[None]:
    """Take a request to end, or the loss of the terminal, as Ctrl-C is taken: nothing is left half done.

    Ctrl-C itself, too: a shell script starts what it puts into the background with that signal ignored.
    """

    def end(_number: int, _frame: FrameType | None) -> NoReturn:
        raise KeyboardInterrupt

    before = {number: signal.signal(number, end) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _import(arguments: argparse.Namespace, directory: Path) -> int:
    return import_from(
        argparse.Namespace(
            config=arguments.config,
            directory=directory,
            output=None,
            dry_run=arguments.dry_run,
            archives=False,
            remove_cron=False,
            timezone="",
            server="",
            json=False,
        )
    )


def _runs(path: Path) -> tuple[GoingOn, ...]:
    from octeth_backupd.cli.ctl.connection import Connection  # httpx is slow to import
    from octeth_backupd.cli.ctl.failure import CommandFailedError

    if not _is_listening(path):
        return ()
    try:
        with Connection(path) as connection:
            servers = connection.get("/v1/status")["servers"]
    except CommandFailedError as exc:
        raise BusyError(
            f"the daemon at {path} does not say what it is doing: {exc.message}",
            hint="Run setup again when octeth-backupctl status answers, or stop it: systemctl stop octeth-backupd",
        ) from exc
    return tuple(
        GoingOn(run_id=run["id"], operation=run["operation"], server=server["name"])
        for server in servers
        if (run := server["active_run"]) is not None and Operation(run["operation"]).holds_server
    )


def _is_listening(path: Path) -> bool:
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
            client.connect(str(path))
    except (FileNotFoundError, ConnectionRefusedError):
        return False
    except OSError:
        return path.exists()  # whoever is there is in no state to be asked
    return True


def _take_backup(server: str, socket: Path) -> int:
    from octeth_backupd.cli import ctl  # a program of its own, needed here alone

    return ctl.main(["--socket", str(socket), "backup", "--server", server])
