"""What the operator asked setup for, and what setup needs of this host."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from octeth_backupd.domain.server import Placement
from octeth_backupd.errors import InvalidRequestError
from octeth_backupd.setup.passwords import STANDARD_INPUT

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from octeth_backupd.domain.clock import Clock
    from octeth_backupd.process.docker import Docker
    from octeth_backupd.process.host import HostRunner
    from octeth_backupd.setup.discovery import Discovery
    from octeth_backupd.setup.going_on import GoingOn
    from octeth_backupd.setup.prompt import Prompt


@dataclass(frozen=True, slots=True, kw_only=True)
class SetupOrder:
    """The flags of the command line; what is empty is asked, or takes its proposal.

    Attributes:
        target: How the server runs, and its container, unit, socket or address.
        password_file: File to read the password from, ``-`` for standard input; likewise for the administrator.
        databases: None: ask.
        percona_release: File or address of the package that sets up Percona's repository; empty: Percona's own.
        import_directory: Of the bash tool, whose settings are taken over instead of asking.
    """

    config: Path
    server: str = ""
    target: tuple[Placement, str] | None = None
    user: str = ""
    password_file: str = ""
    directory: Path | None = None
    databases: tuple[str, ...] | None = None
    create_user: bool = False
    admin_user: str = ""
    admin_password_file: str = ""
    sidecar_image: str = ""
    install_engine: bool = False
    percona_release: str = ""
    import_directory: Path | None = None
    first_backup: bool = False
    start: bool = False
    add: bool = False
    force: bool = False
    dry_run: bool = False
    yes: bool = False

    def require_sense(self) -> None:
        """Pass when the flags fit together.

        Raises:
            InvalidRequestError: They do not.
        """
        if self.password_file == self.admin_password_file == STANDARD_INPUT:
            raise InvalidRequestError("both passwords cannot come from standard input", hint="Name a file for one.")
        if self.create_user and self.password_file:
            raise InvalidRequestError(
                "with --create-user the password is made up, and --password-file has no use",
                hint="The password of whoever creates the account is read from --admin-password-file.",
            )
        if self.import_directory is not None and (self.target or self.create_user or self.add or self.server):
            raise InvalidRequestError(
                "--import takes server and login from the bash tool", hint="Leave out what names or adds another."
            )
        if self.add and self.force:
            raise InvalidRequestError(
                "--add and --force exclude each other", hint="Decide whether to add or to replace."
            )
        if self.add and (self.directory or self.sidecar_image):
            raise InvalidRequestError(
                "directory and sidecar image are the whole configuration's, which --add leaves as it is",
                hint="Change [local] directory or [backup] sidecar_image by hand.",
            )
        for path in (self.directory, self.config):
            if path is not None and not path.is_absolute():
                raise InvalidRequestError(f"{path} is no absolute path", hint="Paths must begin with /.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Where things are on this host; a test gives its own."""

    units: Path = Path("/etc/systemd/system")
    systemd: Path = Path("/run/systemd/system")
    """There when systemd runs this host."""
    os_release: Path = Path("/etc/os-release")
    old_tools: tuple[Path, ...] = (
        Path("/opt/octeth-backup-tools"),
        Path("/etc/octeth-backup"),
        Path("/opt/octeth-mysql-backup-tool"),
        Path("/root/octeth-backup-tools"),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """What setup needs of this host; a test gives its own.

    Attributes:
        environment: The process's.
        discover: Looks for servers.
        read_stdin: Returns the next line of standard input.
        import_tool: Imports from a directory of the bash tool, with a report of its own; returns an exit code.
        runs: Asks a daemon at its socket which runs hold a server; none where no daemon answers.
        take_backup: Takes a backup of a server through a daemon's socket and shows it; returns an exit code.
        say: Told everything for people, line by line.
    """

    clock: Clock
    docker: Docker
    host_runner: HostRunner
    environment: Mapping[str, str]
    prompt: Prompt
    discover: Callable[[], Discovery]
    read_stdin: Callable[[], str]
    import_tool: Callable[[Path], int]
    runs: Callable[[Path], tuple[GoingOn, ...]]
    take_backup: Callable[[str, Path], int]
    say: Callable[[str], None]
    places: Places = field(default_factory=Places)
