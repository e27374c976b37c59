"""Finding out where a restore goes: from the server itself, its container or unit, its files, catalog and manifest.

Nothing here needs a working server, and nothing is touched: the worst day is the day this is for.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from octeth_backupd.domain.paths import host_paths, server_roles
from octeth_backupd.domain.restore.data_state import data_state, described, user_schemas
from octeth_backupd.domain.restore.fit import named
from octeth_backupd.domain.restore.plan import Refusal
from octeth_backupd.domain.restore.server_options import (
    is_server_program,
    path_variables,
    read_options,
    server_command,
    server_program,
)
from octeth_backupd.domain.restore.site import Fact, Owner, Site, Source
from octeth_backupd.domain.restore.site_refusals import (
    container_absent,
    not_controllable,
    not_on_host,
    site_refusals,
    unknown_server,
)
from octeth_backupd.domain.server import Placement, Vendor, Version, parse_version, vendor_of
from octeth_backupd.errors import BackupdError, LoginRefusedError, NotFoundError, ServerError
from octeth_backupd.pipeline.restore.image_facts import in_image
from octeth_backupd.pipeline.restore.known_backup import newest_manifest
from octeth_backupd.pipeline.restore.present_data import (
    is_read_only,
    list_directory,
    read_identity,
    read_owner_of_data,
)
from octeth_backupd.pipeline.restore.server_program import ask_account, ask_configuration, ask_version, on_host
from octeth_backupd.pipeline.restore.survey import survey_within
from octeth_backupd.pipeline.restore.unit_facts import UnitFacts, read_unit
from octeth_backupd.pipeline.unit_look import unit_refusals
from octeth_backupd.process.docker_servers import mounted_volumes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from octeth_backupd.domain.manifest import Manifest
    from octeth_backupd.domain.restore.data_state import Listing
    from octeth_backupd.domain.server import ContainerFacts, Location, ServerPaths
    from octeth_backupd.pipeline.parts import Parts
    from octeth_backupd.pipeline.programs import Programs
    from octeth_backupd.pipeline.restore.server_program import Ask
    from octeth_backupd.servers.server import Server
    from octeth_backupd.servers.survey import Survey

_IMAGES_OWNER = Owner(user_id=999, group_id=999)
_RUNNING = frozenset({"running", "paused", "restarting"})


def find_site(
    server: Server, parts: Parts, *, manifest: Manifest | None, programs: Programs
) -> tuple[Site | None, tuple[Refusal, ...]]:
    """Return where a restore goes, and what stands in the way.

    Every question is bounded in time: a server, image or engine that does not answer costs a minute or two at most.

    Args:
        server: Whose data is to be replaced.
        parts: The configuration's object graph.
        manifest: Of the backup that is restored; what nothing nearer knows is taken from it.
        programs: Of the run, or of a plan that is only shown.

    Returns:
        The site, None when too little is known for one; and refusals, which may come with a site.
    """
    if server.settings.placement is Placement.ADDRESS:
        return None, (not_controllable(server.name),)
    survey = survey_within(server)
    if survey.location is None:
        return None, (_not_located(server, survey, newest_manifest(parts.catalog, server.name) or manifest),)
    try:
        return _Search(server, parts, survey, survey.location, manifest, programs).site()
    except BackupdError as error:
        return None, (Refusal(code=error.code, message=error.message, hint=error.hint),)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Program:
    """What is known of the program that will be started on the restored data."""

    vendor: Vendor
    version: Version
    version_text: str
    name: str


class _Search:
    """One look at a server's place; what was found is in attributes, and every fact in ``facts``."""

    def __init__(
        self,
        server: Server,
        parts: Parts,
        survey: Survey,
        location: Location,
        manifest: Manifest | None,
        programs: Programs,
    ) -> None:
        self._server = server
        self._parts = parts
        self._survey = survey
        self._location = location
        self._container = location.container
        newest = newest_manifest(parts.catalog, server.name)
        self._remembered = newest or manifest
        self._remembered_from = Source.CATALOG if newest else Source.MANIFEST
        self._ask = self._way_to_ask(programs)
        self._unit = UnitFacts(exists=False, is_running=False)
        if self._container is None and location.systemd_unit:
            self._unit = read_unit(location.systemd_unit, on_host(programs.host))
        self.facts: list[Fact] = []

    def site(self) -> tuple[Site | None, tuple[Refusal, ...]]:
        """Return the site, and the refusals that it alone is reason for."""
        self._note_running()
        if against := unit_refusals(self._server, self._survey, self._unit):
            return None, against
        program = self._program()
        if program is None:
            return None, (unknown_server(self._server.name),)
        command = self._command(program.vendor)
        self._note("command", " ".join(command[:1]) + (" …" if command[1:] else ""), self._outside())
        variables = self._variables(program, command)
        paths = self._paths(variables, program.version)
        data = paths.host.get("data")
        if data is None:
            return None, (not_on_host(paths.server["data"]),)
        listing = list_directory(data)
        site = self._assemble(program, command, variables, paths, data, listing)
        return site, site_refusals(
            site,
            mounts=self._container.mounts if self._container else (),
            mounted_volumes=self._mounted_volumes(),
            paused=bool(self._container and self._container.paused),
            read_only=tuple(
                place for place in (site.data_directory, site.binlog_directory) if place and is_read_only(place)
            ),
            outranking_file=self._unit.outranking_file,
        )

    def _assemble(
        self,
        program: _Program,
        command: tuple[str, ...],
        variables: Mapping[str, str],
        paths: ServerPaths,
        data: Path,
        listing: Listing | None,
    ) -> Site:
        site = Site(
            server=self._server.name,
            placement=self._location.placement,
            container=self._container,
            systemd_unit=self._unit.name,
            vendor=program.vendor,
            version=program.version,
            variables=variables,
            command=command,
            server_paths=paths.server,
            host_paths=paths.host,
            log_bin=variables.get("log_bin", "").upper() in {"ON", "1"},
            owner=self._owner(data),
            is_running=self._is_running,
            is_answering=self._survey.facts is not None,
            data_state=data_state(listing),
            user_schemas=user_schemas(listing),
            identity=read_identity(data, program.vendor),
        )
        self._note("data there now", described(site.data_state, site.user_schemas), Source.FILES)
        if site.log_bin:
            place = site.binlog_directory
            self._note("binary logs", str(place) if place else "with the data", self._near())
        return replace(site, facts=tuple(self.facts))

    def _mounted_volumes(self) -> Mapping[Path, str]:
        if self._container is None or all(mount.kind != "volume" for mount in self._container.mounts):
            return {}
        return mounted_volumes(self._parts.docker, self._container.container_id)

    @property
    def _is_running(self) -> bool:
        if self._container is None:
            return self._unit.is_running
        return self._container.status in _RUNNING

    def _way_to_ask(self, programs: Programs) -> Ask:
        if self._container is None:
            return on_host(programs.host)
        return in_image(
            self._parts.docker, image=self._container.image_id, mounts=self._container.mounts, mark=programs.mark
        )

    def _program(self) -> _Program | None:
        """Return vendor and version: as the server says, else its program, else the newest backup."""
        facts = self._survey.facts
        if facts is not None:
            self._note("version", f"{named(facts.vendor)} {facts.version}", Source.SQL)
            return _Program(
                vendor=facts.vendor,
                version=facts.version,
                version_text=facts.version_text,
                name=server_program(facts.vendor),
            )
        started = (self._container.command if self._container else self._unit.command)[:1]
        try:
            answer = ask_version(self._ask, [word for word in started if is_server_program(word)])
        except NotFoundError:
            answer = None  # the image was removed; a container made of it goes on
        if answer is not None:
            name, text = answer
            vendor, version = vendor_of(text, text), parse_version(text.partition("Ver")[2])
            self._note("version", f"{named(vendor)} {version}", self._near())
            return _Program(vendor=vendor, version=version, version_text=text, name=name)
        if self._remembered is None:
            return None
        past = self._remembered.server
        self._note("version", f"{named(past.vendor)} {past.version}", self._remembered_from)
        return _Program(
            vendor=past.vendor,
            version=parse_version(past.version),
            version_text=past.version_text,
            name="",
        )

    def _command(self, vendor: Vendor) -> tuple[str, ...]:
        if self._container is None:
            return self._unit.command or (server_program(vendor),)
        config = self._parts.docker.inspect_container(self._container.container_id).get("Config") or {}
        return server_command(config.get("Entrypoint") or (), config.get("Cmd") or (), vendor)

    def _variables(self, program: _Program, command: Sequence[str]) -> Mapping[str, str]:
        if self._survey.facts is not None:
            return self._survey.facts.variables
        past = self._remembered.server if self._remembered else None
        remembered = past.variables if past else {}
        persisted = past.persisted_variables if past else {}
        configured = ask_configuration(self._ask, program.name, command) if program.name else ()
        options = read_options((*configured, *command[1:])) | dict(persisted)
        return {
            **remembered,
            **path_variables(options, remembered, program.vendor),
            "version": _version_variable(program),
        }

    def _paths(self, variables: Mapping[str, str], version: Version) -> ServerPaths:
        paths = self._survey.paths or self._mapped(variables, version)
        configured = self._server.settings.data_directory is not None
        source = Source.CONFIGURATION if configured else self._near()
        place = paths.host.get("data")
        self._note("data directory", str(place or paths.server["data"]), source)
        return paths

    def _mapped(self, variables: Mapping[str, str], version: Version) -> ServerPaths:
        settings = self._server.settings
        overrides = {"data": settings.data_directory, "binlog": settings.binlog_directory}
        return host_paths(
            server_roles(variables, version),
            None if self._container is None else self._container.mounts,
            overrides={role: path for role, path in overrides.items() if path is not None},
        )

    def _owner(self, data: Path) -> Owner:
        """Return whom the restored files will belong to: as now, else as at the backup, else as in the image."""
        owner, source = read_owner_of_data(data), Source.FILES
        if owner is None and self._remembered is not None and self._remembered.server.data_owner is not None:
            past = self._remembered.server.data_owner
            owner, source = Owner(user_id=past.uid, group_id=past.gid), self._remembered_from
        if owner is None:
            owner, source = self._account(), self._near()
        if owner is None:
            owner, source = _IMAGES_OWNER, Source.ASSUMED
        self._note("owner of the files", f"{owner.user_id}:{owner.group_id}", source)
        return owner

    def _account(self) -> Owner | None:
        try:
            return ask_account(self._ask)
        except NotFoundError:
            return None

    def _near(self) -> Source:
        """Return where what is not the server's own say-so comes from."""
        if self._survey.facts is not None:
            return Source.SQL
        return Source.CONTAINER if self._container is not None else Source.FILES

    def _outside(self) -> Source:
        """Return where what only the container or the unit says comes from."""
        return Source.CONTAINER if self._container is not None else Source.CONFIGURATION

    def _note(self, name: str, value: str, source: Source) -> None:
        self.facts.append(Fact(name=name, value=value, source=source))

    def _note_running(self) -> None:
        container = self._container
        if container is not None:
            self._note("container", f"{container.name} ({_condition(container)})", Source.CONTAINER)
            self._note("image", container.image, Source.CONTAINER)
        else:
            running = "runs" if self._unit.is_running else "does not run"
            self._note("unit", f"{self._unit.name} ({running})", Source.CONFIGURATION)
        error = self._survey.error
        if isinstance(error, LoginRefusedError):
            self._note("server", "answers, but refuses the configured login", Source.SQL)
        elif self._survey.facts is None:
            self._note("server", f"does not answer: {error.message if error else 'nobody knows why'}", self._near())
        else:
            self._note("server", "answers", Source.SQL)


def _condition(container: ContainerFacts) -> str:
    if container.paused:
        return "paused"
    if container.restarting:
        return "restarting: its server ends again and again"
    return container.status or "state unknown"


def _version_variable(program: _Program) -> str:
    """Return what ``@@version`` would say: which vendor's rules paths follow is read from it."""
    return f"{program.version}-MariaDB" if program.vendor is Vendor.MARIADB else str(program.version)


def _not_located(server: Server, survey: Survey, manifest: Manifest | None) -> Refusal:
    error = survey.error or ServerError(f"server {server.name} cannot be found")
    if survey.error_stage == "container":
        return container_absent(server.name, server.settings.container or "", manifest)
    return Refusal(code="docker_unavailable", message=error.message, hint=error.hint)
