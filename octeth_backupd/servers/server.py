"""One configured server: find it, log in, ask it everything, compare its files with it."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from octeth_backupd.domain.paths import system_tablespace_path
from octeth_backupd.domain.server import Address, Location, Placement
from octeth_backupd.errors import BackupdError, DockerError, NotFoundError, ServerError, ServerUnreachableError
from octeth_backupd.servers.container import DEFAULT_PORT, read_container, require_named, shares_network_of
from octeth_backupd.servers.container_state import require_running
from octeth_backupd.servers.facts import gather_what_is_allowed
from octeth_backupd.servers.host_files import (
    FileNumber,
    find_paths,
    read_file_number,
    read_owner,
    system_tablespace_on_host,
)
from octeth_backupd.servers.identity import IdentityEvidence, check_identity
from octeth_backupd.servers.login import log_in
from octeth_backupd.servers.survey import Survey
from octeth_backupd.servers.tablespaces import read_tablespaces
from octeth_backupd.servers.unopened import complete_unopened

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pydantic import SecretStr

    from octeth_backupd.domain.clock import Clock
    from octeth_backupd.domain.server import ContainerFacts, ServerFacts
    from octeth_backupd.process.docker import Docker
    from octeth_backupd.servers.session import Session
    from octeth_backupd.servers.settings import ServerSettings

_EXEC_TIMEOUT_SECONDS = 10
USUAL_SOCKETS = ("/run/mysqld/mysqld.sock", "/var/lib/mysql/mysql.sock", "/tmp/mysql.sock")  # noqa: S108 - MySQL's


class Server:
    """A configured server. Holds no connection: each call finds it anew, because its container may be recreated.

    Attributes:
        name: Its name in the configuration.
        settings: Its table of the configuration, with the password filled in.
    """

    def __init__(self, *, name: str, settings: ServerSettings, docker: Docker, clock: Clock) -> None:
        self.name = name
        self.settings = settings
        self._docker = docker
        self._clock = clock

    def as_login(self, user: str, password: SecretStr) -> Server:
        """Return the same server with another login."""
        settings = self.settings.model_copy(update={"user": user, "password": password})
        return Server(name=self.name, settings=settings, docker=self._docker, clock=self._clock)

    def locate(self) -> Location:
        """Return where the server runs, running or not, and how it might be reached.

        Raises:
            DockerError: The Docker engine cannot be asked.
            ServerUnreachableError: Its container does not exist.
        """
        if self.settings.container is not None:
            container = self._find_container(self.settings.container)
            addresses = self._configured_addresses() or container.addresses
            return Location(placement=Placement.CONTAINER, addresses=addresses, container=container)
        return Location(
            placement=self.settings.placement,
            addresses=self._configured_addresses() or _usual_addresses(self.settings.port),
            systemd_unit=self.settings.systemd_unit or "",
        )

    @contextmanager
    def connect(self, location: Location) -> Iterator[Session]:
        """Log in, and out again at the end of the block.

        Raises:
            ServerUnreachableError: Its container does not run or was replaced, the server answers at no address, or
                the connection was lost within the block.
            LoginRefusedError: User or password were refused; do not try again.
            ServerError: It answers but takes no connection now.
        """
        if location.container is not None:
            require_running(location.container)
        try:
            with log_in(self.name, location.addresses, self.settings) as session:
                yield session
        except ServerUnreachableError as error:
            raise self._explain(error, location) from error

    def survey(self) -> Survey:
        """Find out everything about the server; an error ends it and is part of the answer."""
        try:
            location = self.locate()
        except DockerError as error:
            return Survey(error=error, error_stage="docker")
        except BackupdError as error:
            return Survey(error=error, error_stage="container")
        return self._survey_located(location)

    def check_identity(self, survey: Survey) -> IdentityEvidence:
        """Return why the files on the host are those of the server that was surveyed.

        Raises:
            IdentityError: They are not, or nothing speaks for it.
            ServerError: The survey did not get far enough, or the server cannot be asked again.
        """
        location, facts, paths = survey.location, survey.facts, survey.paths
        if location is None or facts is None or paths is None:
            raise survey.error or ServerError(f"too little is known of server {self.name}")
        with self.connect(location) as session:
            return check_identity(
                facts,
                paths,
                seen_by_server=self._system_tablespace_as_seen(location, facts, session),
                list_again=lambda: read_tablespaces(session, facts.vendor),
            )

    def _survey_located(self, location: Location) -> Survey:
        survey = Survey(location=location)
        if location.container is not None:
            try:
                require_running(location.container)
            except ServerUnreachableError as error:
                return replace(survey, error=error, error_stage="container")
        logged_in = False
        try:
            with self.connect(location) as session:
                logged_in = True
                facts, incomplete = gather_what_is_allowed(session, self._clock)
        except BackupdError as error:
            return replace(survey, error=error, error_stage="facts" if logged_in else "login")
        survey = replace(survey, facts=facts, error=incomplete, error_stage="facts" if incomplete else "")
        return self._survey_files(survey, location, facts)

    def _survey_files(self, survey: Survey, location: Location, facts: ServerFacts) -> Survey:
        try:
            paths = find_paths(self.name, facts, location, self.settings, lambda asked: self._follow(location, asked))
        except BackupdError as error:
            return survey if survey.error else replace(survey, error=error, error_stage="paths")
        facts = replace(facts, tablespaces=complete_unopened(facts.tablespaces, paths))
        number = read_file_number(system_tablespace_on_host(facts, paths))
        if number is not None:
            identity = replace(facts.identity, data_device=number.device, data_inode=number.inode)
            facts = replace(facts, identity=identity)
        return replace(survey, facts=facts, paths=paths, owner=read_owner(paths.data_directory))

    def _find_container(self, name: str) -> ContainerFacts:
        try:
            inspected = self._docker.inspect_container(name)
            require_named(inspected, name)
            shared = shares_network_of(inspected)
            network = self._docker.inspect_container(shared) if shared else None
        except NotFoundError as error:
            running = ", ".join(self._docker.container_names()) or "none"
            raise ServerUnreachableError(
                f"container {name} of server {self.name} does not exist",
                hint=f"Start it, or correct container in [servers.{self.name}]. Running now: {running}.",
                retryable=True,
            ) from error
        digest = self._docker.image_digest(str(inspected.get("Image") or ""))
        return read_container(inspected, port=self.settings.port, image_digest=digest, network=network)

    def _configured_addresses(self) -> tuple[Address, ...]:
        """Return the address that the configuration says, none when it leaves that to be found out."""
        if self.settings.socket is not None:
            return (Address(unix_socket=str(self.settings.socket)),)
        if self.settings.address is not None:
            return (Address(host=self.settings.address, port=self.settings.port or DEFAULT_PORT),)
        return ()

    def _explain(self, error: ServerUnreachableError, location: Location) -> BackupdError:
        """Return a better reason for silence where the container's state now is one."""
        if location.container is None:
            return error
        try:
            now = self._find_container(self.settings.container or "")
            require_running(now)
        except BackupdError as reason:
            return reason
        if now.container_id != location.container.container_id:
            return ServerUnreachableError(
                f"container {now.name} of server {self.name} was replaced by another one in the meantime",
                hint="Try again: the new one will be found by its name.",
                retryable=True,
            )
        return error

    def _system_tablespace_as_seen(self, location: Location, facts: ServerFacts, session: Session) -> FileNumber | None:
        """Return the system tablespace's number as the server sees it, None where nobody can tell.

        In a container by its own ``stat``, else by the root directory of its process: a distroless image has no stat,
        and a daemon without CAP_SYS_PTRACE may not look into a process.
        """
        path = system_tablespace_path(facts.variables)
        process_id = session.server_process_id
        if location.container is not None:
            container_id = location.container.container_id
            vector = ("stat", "-L", "-c", "%d %i", str(path))
            exit_code, output = self._docker.exec_output(container_id, vector, _EXEC_TIMEOUT_SECONDS)
            numbers = output.split()
            if exit_code == 0 and len(numbers) == 2 and all(number.isdigit() for number in numbers):
                return FileNumber(device=int(numbers[0]), inode=int(numbers[1]))
            process_id = self._docker.inspect_container(container_id).get("State", {}).get("Pid")
        return read_file_number(Path(f"/proc/{process_id}/root{path}")) if process_id else None

    def _follow(self, location: Location, paths: Sequence[PurePosixPath]) -> Mapping[PurePosixPath, PurePosixPath]:
        """Return where symbolic links lead within the server's container; what cannot be said is left out."""
        if location.container is None:
            return {}
        vector = ("readlink", "-f", "--", *map(str, paths))
        exit_code, output = self._docker.exec_output(location.container.container_id, vector, _EXEC_TIMEOUT_SECONDS)
        lines = output.splitlines()
        if exit_code != 0 or len(lines) != len(paths):
            return {}
        return dict(zip(paths, map(PurePosixPath, lines), strict=True))


def _usual_addresses(port: int | None) -> tuple[Address, ...]:
    """Return where a server outside Docker usually listens; a configured port means TCP."""
    tcp = Address(host="127.0.0.1", port=port or DEFAULT_PORT, origin="usual port")
    if port is not None:
        return (tcp,)
    return (*(Address(unix_socket=path, origin="usual socket") for path in USUAL_SOCKETS), tcp)
