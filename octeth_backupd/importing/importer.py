"""An import from begin to end: read, translate, try, read the archives, then write, adopt and clean up.

Nothing is changed before everything that could refuse has been asked; the configuration comes last of what the daemon
would use, so that an import that was killed is simply run again.
"""

from __future__ import annotations

import os
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from octeth_backupd.app import CATALOG_NAME
from octeth_backupd.catalog.store import Catalog
from octeth_backupd.daemon.installation import installation_id
from octeth_backupd.daemon.instance_lock import InstanceLock
from octeth_backupd.domain.cron import check_timezone
from octeth_backupd.domain.legacy.archive_names import USUAL_FORMAT, USUAL_PREFIX, LegacyNames
from octeth_backupd.domain.legacy.configuration import Configuration, read_configuration
from octeth_backupd.domain.legacy.report import Fate, Note
from octeth_backupd.domain.legacy.translation import Translation, translate
from octeth_backupd.errors import BackupdError, BusyError, ConfigurationError, InvalidRequestError
from octeth_backupd.importing.adopting import Adopter, tighten_modes
from octeth_backupd.importing.archives import examine, scan
from octeth_backupd.importing.bystanders import bystanders
from octeth_backupd.importing.crontabs import how_to_remove
from octeth_backupd.importing.host import look_around
from octeth_backupd.importing.old_tool import require_old_tool_at_rest
from octeth_backupd.importing.writing import require_absent, write_files
from octeth_backupd.pipeline.retention.confirmation import require_confirmation
from octeth_backupd.process.cancellation import Cancellation
from octeth_backupd.process.files import make_directory
from octeth_backupd.settings.load import load
from octeth_backupd.settings.problems import render_problems
from octeth_backupd.settings.trial import try_configuration

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from octeth_backupd.domain.clock import Clock
    from octeth_backupd.domain.legacy.adoption import Found
    from octeth_backupd.domain.legacy.crontab import CronLine
    from octeth_backupd.importing.crontabs import Crontabs
    from octeth_backupd.importing.sources import Sources
    from octeth_backupd.process.docker import Docker
    from octeth_backupd.process.host import HostRunner
    from octeth_backupd.settings.settings import Settings
    from octeth_backupd.storage.base import Storage


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportOrder:
    """What the operator asked for.

    Attributes:
        config: Where the daemon's configuration is, or will be.
        output: Write the new configuration there instead, and nothing else.
        archives_only: Leave the configuration that is there, and adopt archives.
        timezone: Zone of the times in the archives' names; empty for that of the schedules.
        server: Whose archives they are; needed with ``archives_only`` where several servers are configured.
    """

    config: Path
    output: Path | None = None
    dry_run: bool = False
    archives_only: bool = False
    remove_cron: bool = False
    timezone: str = ""
    server: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportResult:
    """What came of it.

    Attributes:
        config_path: Where the configuration is, or would be.
        config_text: Its text; empty where it was left as it is. It holds no secret.
        written: Files that were written.
        cron: Lines that still start the bash tool, for people.
        removed: What was done about them.
    """

    config_path: Path
    config_text: str
    notes: tuple[Note, ...]
    written: tuple[Path, ...]
    cron: tuple[str, ...]
    removed: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """What an import needs of this host; a test gives its own.

    Attributes:
        environment: The process's.
        storages_of: Makes the storage backends of a configuration.
        say: Told what goes on, for people.
    """

    clock: Clock
    docker: Docker
    host_runner: HostRunner
    crontabs: Crontabs
    environment: Mapping[str, str]
    storages_of: Callable[[Settings], tuple[Storage, ...]]
    say: Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    """What will be done, everything that could refuse having been asked."""

    settings: Settings
    translation: Translation | None
    config_path: Path
    server: str
    names: LegacyNames | None
    notes: tuple[Note, ...]
    cron_lines: tuple[CronLine, ...]


def run_import(order: ImportOrder, sources: Sources, machine: Machine) -> ImportResult:
    """Import, or with ``dry_run`` say what an import would do.

    Raises:
        ConfigurationError: The result could not be used, or would overwrite something.
        BusyError: The bash tool or the daemon runs.
        BackupdError: Everything else; the message says what.
    """
    plan = _plan(order, sources, machine)
    if order.output is not None:
        return _result(order, plan, adopted=())
    with ExitStack() as stack:
        catalog, own_id = (None, "") if order.dry_run else _open_catalog(plan.settings, machine, stack)
        if catalog is not None:
            require_confirmation(catalog)  # before there is anything that could expire
        adopted = _adopt(order, plan, machine, catalog, own_id)
        result = _result(order, plan, adopted=adopted)
    if order.remove_cron and not order.dry_run:
        removed = machine.crontabs.remove(
            plan.cron_lines, backup_directory=plan.config_path.parent, now=machine.clock.now()
        )
        left = [line for line in plan.cron_lines if not line.is_removable]
        result = replace(result, cron=tuple(how_to_remove(left)), removed=removed)
    return result


def _plan(order: ImportOrder, sources: Sources, machine: Machine) -> _Plan:
    if order.timezone:
        check_timezone(order.timezone)
    configuration = read_configuration(
        env=(str(sources.env.path), sources.env.text),
        conf=(str(sources.conf.path), sources.conf.text) if sources.conf else None,
    )
    cron_lines = machine.crontabs.lines()
    if not order.dry_run:
        require_old_tool_at_rest(_lock_file(configuration))
    names, names_notes = _names(configuration)
    notes = [*_source_notes(sources), *names_notes]
    config_path = order.output or order.config
    if order.archives_only:
        settings = load(order.config, machine.environment)
        translation = None
        server = _server_of(order, settings)
    else:
        around = look_around(
            configuration,
            machine.docker,
            secret_directory=config_path.absolute().parent,
            cron_lines=cron_lines,
            scripts=sources.scripts,
        )
        translation = translate(configuration, around)
        notes = [*translation.notes, *notes]
        settings = _tried(translation, config_path, machine)
        server = translation.server
        if not order.dry_run:
            require_absent(config_path, translation.secrets)
    return _Plan(
        settings=settings,
        translation=translation,
        config_path=config_path,
        server=server,
        names=names,
        notes=tuple(notes),
        cron_lines=cron_lines,
    )


def _lock_file(configuration: Configuration) -> Path | None:
    text = configuration.text("LOCK_FILE") or "/tmp/octeth-backup.lock"  # noqa: S108 - the old tool's, only read
    return Path(text) if text.startswith("/") else None


def _source_notes(sources: Sources) -> list[Note]:
    notes = [
        Note(fate=Fate.IGNORED, subject=str(path), message=f"was never read, for {sources.env.path} comes first")
        for path in sources.ignored
    ]
    if sources.env.others_can_read:
        message = "holds passwords, and others than its owner can read it: chmod 600, or remove it when it has served"
        notes.append(Note(fate=Fate.LEFT_ALONE, subject=str(sources.env.path), message=message))
    if sources.conf is None:
        message = "is not there, without which the bash tool does not run; its usual values are assumed"
        notes.append(Note(fate=Fate.CHANGED, subject="backup.conf", message=message))
    return notes


def _names(configuration: Configuration) -> tuple[LegacyNames | None, list[Note]]:
    uncertain = [name for name in ("BACKUP_PREFIX", "DATE_FORMAT") if configuration.problem(name)]
    if uncertain:
        message = f"holds {configuration.problem(uncertain[0])}: no archive is adopted without it"
        return None, [Note(fate=Fate.BY_HAND, subject=uncertain[0], message=message)]
    try:
        names = LegacyNames.of(
            configuration.text("BACKUP_PREFIX") or USUAL_PREFIX, configuration.text("DATE_FORMAT") or USUAL_FORMAT
        )
    except InvalidRequestError as error:
        return None, [Note(fate=Fate.BY_HAND, subject="DATE_FORMAT", message=f"{error.message}. {error.hint}")]
    return names, []


def _tried(translation: Translation, path: Path, machine: Machine) -> Settings:
    examination = try_configuration(
        translation.config_text(), translation.secrets, path=path, environment=machine.environment
    )
    if examination.settings is None:
        problems = [problem for problem in examination.problems if not problem.is_warning]
        raise ConfigurationError(
            f"the bash tool's settings make no configuration that could be used:\n{render_problems(problems)}",
            hint="Correct them in the files of the bash tool, or write the configuration by hand after the example.",
        )
    return examination.settings


def _server_of(order: ImportOrder, settings: Settings) -> str:
    if order.server in settings.servers:
        return order.server
    if not order.server and len(settings.servers) == 1:
        return next(iter(settings.servers))
    raise InvalidRequestError(
        f"no server {order.server!r} is configured" if order.server else "several servers are configured",
        hint=f"Say whose archives these are with --server: {', '.join(sorted(settings.servers))}.",
    )


def _open_catalog(settings: Settings, machine: Machine, stack: ExitStack) -> tuple[Catalog, str]:
    """Take the daemon's place for as long as the stack is open."""
    state = settings.daemon.state_directory
    make_directory(state)
    try:
        stack.enter_context(InstanceLock(state))
    except BusyError as error:
        raise BusyError(error.message, hint="Stop the daemon first: systemctl stop octeth-backupd.") from error
    own_id = installation_id(state)
    catalog = Catalog.open(state / CATALOG_NAME, clock=machine.clock)
    stack.callback(catalog.close)
    catalog.installations.set_own(own_id)
    return catalog, own_id


def _adopt(order: ImportOrder, plan: _Plan, machine: Machine, catalog: Catalog | None, own_id: str) -> tuple[Note, ...]:
    if plan.names is None:
        return ()
    zone = ZoneInfo(order.timezone or plan.settings.schedules.timezone)
    notes: list[Note] = []
    found: list[Found] = []
    root = plan.settings.local.directory
    for storage in machine.storages_of(plan.settings):
        if not storage.is_remote and not root.is_dir():
            notes.append(Note(fate=Fate.CHANGED, subject=str(root), message="is not there yet: no local archives"))
            continue
        try:
            scanned = scan(storage, plan.names, zone)
        except BackupdError as error:
            message = f"cannot be listed, nothing in it is adopted: {error.message}. Once it can: import --archives"
            notes.append(Note(fate=Fate.BY_HAND, subject=storage.name, message=message))
            continue
        notes += scanned.notes
        for candidate in scanned.candidates:
            try:
                found.append(examine(candidate, machine.host_runner, Cancellation(), machine.say))
            except BackupdError as error:
                subject = f"{storage.name}: {candidate.file.key}"
                notes.append(Note(fate=Fate.LEFT_ALONE, subject=subject, message=f"cannot be read: {error.message}"))
    adopter = Adopter(server=plan.server, installation_id=own_id, now=machine.clock.now())
    adopted = list(adopter.adopt(found, catalog))
    if catalog is not None:
        tighten_modes(root, _adopted_keys(found, adopted))
    own = frozenset({*plan.settings.servers, ".workspace"})
    return (*adopted, *notes, *bystanders(root, own=own))


def _adopted_keys(found: list[Found], notes: list[Note]) -> list[str]:
    subjects = {note.subject for note in notes if note.fate is Fate.ADOPTED}
    return [one.key for one in found if one.storage == "local" and f"local: {one.key}" in subjects]


def _result(order: ImportOrder, plan: _Plan, *, adopted: tuple[Note, ...]) -> ImportResult:
    text = plan.translation.config_text() if plan.translation else ""
    written: tuple[Path, ...] = ()
    if plan.translation and not order.dry_run:
        umask = os.umask(0o077)
        try:
            written = write_files(plan.config_path, text, plan.translation.secrets)
        finally:
            os.umask(umask)
    return ImportResult(
        config_path=plan.config_path,
        config_text=text,
        notes=(*plan.notes, *adopted),
        written=written,
        cron=tuple(how_to_remove(plan.cron_lines)),
        removed=(),
    )
