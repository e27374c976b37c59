"""The server of a rehearsal on this host: a transient systemd unit, or name spaces of its own without systemd.

Both see the staged directories under the server's own paths: its configuration counts, and the staged ones lie where
the server's user cannot go.
"""

from __future__ import annotations

import secrets
import shlex
import threading
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from octeth_backupd.errors import BackupdError, ProgramError
from octeth_backupd.pipeline.restore.rehearsal_server import THREAD_LIMIT, Binding, RehearsalServer
from octeth_backupd.process.cancellation import Cancellation
from octeth_backupd.process.command import Command, StopPolicy

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from octeth_backupd.domain.restore.site import Owner
    from octeth_backupd.process.command import Completed, Runner
    from octeth_backupd.process.mark import RunMark

SYSTEMD_DIRECTORY = Path("/run/systemd/system")
_STANDARD_DIRECTORIES = ("/mnt", "/media", "/srv", "/opt")
_SCRATCH_NAME = "octeth-backupd-rehearsal"
OPEN_FILES_LIMIT = 65_536
_STOP_SECONDS = 60
_END_SECONDS = 90


def has_systemd() -> bool:
    """Return whether this host was booted with systemd.

    Source:
        sd_booted(3).
    """
    return SYSTEMD_DIRECTORY.is_dir()


def scratch_root(sources: Iterable[Path], targets: Iterable[PurePosixPath]) -> PurePosixPath:
    """Return a directory that every host has and that may be covered: nothing that is needed lies in it.

    Raises:
        ProgramError: All are in use.
    """
    used = [PurePosixPath(path) for path in (*sources, *targets)]
    for name in _STANDARD_DIRECTORIES:
        if Path(name).is_dir() and not any(path.is_relative_to(name) for path in used):
            return PurePosixPath(name)
    raise ProgramError(
        f"no directory of {', '.join(_STANDARD_DIRECTORIES)} is free for the rehearsal to cover in its own name space",
        hint="Make one of them, empty; or restore with --no-rehearsal.",
    )


def scratch_inside(root: PurePosixPath) -> PurePosixPath:
    """Return where the server sees its scratch directory."""
    return root / _SCRATCH_NAME


def unit_command(
    argv: tuple[str, ...],
    *,
    unit: str,
    bindings: Iterable[Binding],
    root: PurePosixPath,
    owner: Owner,
    mark: RunMark,
    limit_seconds: int,
) -> Command:
    """Return what runs a server as a transient unit and waits for its end.

    A unit of its own: the daemon's sandbox shall not be the server's. It ends by itself should nobody end it. What
    is mounted is given by numbers of user and group, so that no account need exist under a certain name.

    Source:
        systemd-run(1), systemd.exec(5), systemd.resource-control(5).
    """
    given = tuple(bindings)
    writable = " ".join(_quoted(str(binding.target)) for binding in given if not binding.read_only)
    properties = [
        f"User={owner.user_id}",
        f"Group={owner.group_id}",
        "CapabilityBoundingSet=",
        "NoNewPrivileges=yes",
        "PrivateNetwork=yes",
        "ProtectSystem=strict",
        f"ReadWritePaths={writable}",
        # A server's usual profile knows only its usual directories.
        "AppArmorProfile=-unconfined",
        f"TemporaryFileSystem={root}:mode=0755",
        *(f"{_bind_word(binding)}={_quoted(f'{binding.source}:{binding.target}')}" for binding in given),
        f"TasksMax={THREAD_LIMIT}",
        f"LimitNOFILE={OPEN_FILES_LIMIT}",
        f"TimeoutStopSec={_STOP_SECONDS}",
        f"RuntimeMaxSec={limit_seconds}",
    ]
    environment = {"LC_ALL": "C", "HOME": "/nonexistent", **mark.environment()}
    return Command(
        program="systemd-run",
        arguments=(
            "--wait",
            "--collect",
            "--pipe",
            "--quiet",
            "--service-type=exec",
            f"--unit={unit}",
            *(f"--setenv={name}={value}" for name, value in environment.items()),
            *(f"--property={entry}" for entry in properties),
            "--",
            *argv,
        ),
        stop=StopPolicy(grace_seconds=_STOP_SECONDS),
        low_priority=False,
    )


def name_space_command(
    argv: tuple[str, ...], *, bindings: Iterable[Binding], root: PurePosixPath, owner: Owner
) -> Command:
    """Return what runs a server with mounts and a network of its own, as the files' owner and without rights.

    Source:
        unshare(1), mount(8), setpriv(1), all of util-linux.
    """
    # The root is covered last: until then the sources beneath other directories must stay visible, and its own
    # directory is made in memory.
    lines = ["set -e", f"mount -t tmpfs -o mode=0755 tmpfs {shlex.quote(str(root))}"]
    for binding in bindings:
        target = shlex.quote(str(binding.target))
        if binding.target.is_relative_to(root):
            lines.append(f"mkdir -p {target}")
        lines.append(f"mount --bind {shlex.quote(str(binding.source))} {target}")
        if binding.read_only:
            lines.append(f"mount -o remount,bind,ro {target}")
    lines.append(
        f"exec setpriv --reuid {owner.user_id} --regid {owner.group_id} --clear-groups --bounding-set=-all "
        '--inh-caps=-all --no-new-privs -- "$@"'
    )
    return Command(
        program="unshare",
        arguments=("--mount", "--propagation", "private", "--net", "sh", "-c", "\n".join(lines), "sh", *argv),
        stop=StopPolicy(grace_seconds=_STOP_SECONDS),
        open_files_limit=OPEN_FILES_LIMIT,
    )


def unit_name(mark: RunMark) -> str:
    """Return a name for a transient unit that no other rehearsal uses."""
    return f"octeth-backupd-{mark.run_id}-rehearsal-{secrets.token_hex(3)}"


@contextmanager
def host_server(
    runner: Runner, command: Command, *, unit: str = "", on_line: Callable[[str], None]
) -> Iterator[RehearsalServer]:
    """Start a server on this host; at the end of the block it has ended, however that ends.

    Args:
        runner: Runs programs on this host.
        command: See ``unit_command`` and ``name_space_command``.
        unit: The transient unit that it runs as; empty: as a process of our own.
        on_line: Called for each line that it prints.
    """
    server = _HostServer(runner, command, unit, on_line)
    server.thread.start()
    try:
        yield server
    finally:
        server.kill()
        server.thread.join(_END_SECONDS)


class _HostServer:
    """See RehearsalServer. The program runs in a thread of its own, which waits for it."""

    def __init__(self, runner: Runner, command: Command, unit: str, on_line: Callable[[str], None]) -> None:
        self._runner = runner
        self._command = command
        self._unit = unit
        self._on_line = on_line
        self._token = Cancellation()
        self._completed: Completed | None = None
        self._error: BackupdError | None = None
        self._lines: list[str] = []
        self.thread = threading.Thread(target=self._run, name="rehearsal-server", daemon=True)

    def _run(self) -> None:
        try:
            self._completed = self._runner.run(self._command, on_line=self._take, cancellation=self._token)
        except BackupdError as exc:
            self._error = exc

    def _take(self, line: str) -> None:
        self._lines = [*self._lines[-19:], line]
        self._on_line(line)

    def ended(self) -> int | None:
        """See RehearsalServer.ended.

        Raises:
            ProgramError: It could not be started.
        """
        if self.thread.is_alive():
            return None
        if self._completed is not None:
            return self._completed.exit_code
        if isinstance(self._error, ProgramError):
            raise self._error
        return -1

    def terminate(self) -> None:
        """See RehearsalServer.terminate."""
        if self._unit:
            self._control("stop", self._unit)
        else:
            self._token.cancel()

    def kill(self) -> None:
        """See RehearsalServer.kill."""
        if self._unit and self.thread.is_alive():
            self._control("kill", "--signal=KILL", self._unit)
        self._token.cancel()

    def last_words(self) -> tuple[str, ...]:
        """See RehearsalServer.last_words."""
        return tuple(self._lines)

    def _control(self, *arguments: str) -> None:
        """Say something to systemd about the unit; that it is gone is no error."""
        self._runner.run(
            Command(program="systemctl", arguments=("--quiet", *arguments), low_priority=False),
            on_line=lambda _: None,
            cancellation=Cancellation(),
            timeout_seconds=_END_SECONDS,
        )


def _bind_word(binding: Binding) -> str:
    return "BindReadOnlyPaths" if binding.read_only else "BindPaths"


def _quoted(text: str) -> str:
    """Return a word as systemd's lists of paths have it."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"' if any(character.isspace() or character in "\"'\\" for character in text) else text
