"""Setup from begin to end: look, ask, try, show, write, check, start.

Nothing on this host or server is changed before the plan was shown and confirmed, but for the packages of an engine;
then all of the plan is done or nothing.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from pathlib import PurePosixPath
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from pydantic import SecretStr

from octeth_backupd.domain.server import Placement
from octeth_backupd.domain.setup.account import account_for, grant_statements
from octeth_backupd.domain.setup.engine_install import advise, package_manager
from octeth_backupd.domain.setup.plan import Plan, require_leave
from octeth_backupd.domain.setup.report import found_lines, server_lines
from octeth_backupd.engines.registry import engine_for
from octeth_backupd.engines.selection import choose_engine
from octeth_backupd.errors import CancelledError, InvalidRequestError
from octeth_backupd.process.file_changes import FileChanges
from octeth_backupd.process.files import free_bytes
from octeth_backupd.servers.server import Server
from octeth_backupd.settings.load import load
from octeth_backupd.setup.account import create_account, require_new
from octeth_backupd.setup.afterwards import finish
from octeth_backupd.setup.engine import install, look_at_engine, run_commands
from octeth_backupd.setup.going_on import require_nothing_goes_on
from octeth_backupd.setup.lasting import require_lasting
from octeth_backupd.setup.login import log_in
from octeth_backupd.setup.passwords import new_password
from octeth_backupd.setup.planning import draft_configuration, names_in, plan_files, plan_unit, replacement_notes
from octeth_backupd.setup.questions import choose_databases, choose_directory, choose_server
from octeth_backupd.setup.same_server import same_server_notes
from octeth_backupd.setup.units import require_unit
from octeth_backupd.setup.writing import read_present, write_planned

if TYPE_CHECKING:
    from collections.abc import Iterable
    from contextlib import AbstractContextManager
    from pathlib import Path

    from octeth_backupd.domain.setup.account import Account
    from octeth_backupd.domain.setup.engine_install import EngineAdvice
    from octeth_backupd.servers.session import Session
    from octeth_backupd.settings.settings import Settings
    from octeth_backupd.setup.login import LoggedIn
    from octeth_backupd.setup.order import Machine, SetupOrder
    from octeth_backupd.setup.planning import Draft
    from octeth_backupd.setup.questions import ServerChoice

DONE = 0
DEGRADED = 8
"""Configured; a check, the start or the first backup failed."""
INTERRUPTED = 130


def run_setup(order: SetupOrder, machine: Machine) -> int:
    """Set up, or with ``dry_run`` say what would be done.

    Returns:
        The exit code: 0, or 8 where the configuration stands and something after it failed, or 130 after Ctrl-C there.

    Raises:
        ConfigurationError: The configuration is in use, or what would be written could not be used.
        BusyError: The daemon has a run that goes on.
        InvalidRequestError: Something is missing and nobody is there to ask, or flags do not fit together.
        CancelledError: Somebody said no.
        BackupdError: Everything else; the message says what, and nothing was written.
    """
    order.require_sense()
    _require_confirmed(order, machine)
    require_nothing_goes_on(order, machine)
    old_tool = order.import_directory or _offered_tool(order, machine)
    if old_tool is not None:
        return _set_up_imported(order, machine, old_tool)
    if order.target is not None and order.target[0] is Placement.SYSTEMD:
        require_unit(machine.host_runner, order.target[1])
    state, present = read_present(order.config)
    require_leave(state, path=PurePosixPath(order.config), add=order.add, force=order.force)
    discovery = machine.discover()
    is_asked = order.target is None and machine.prompt.is_attended
    _say_all(machine, found_lines(discovery.candidates, discovery.docker_problem, is_asked=is_asked))
    choice = choose_server(order, machine.prompt, discovery.candidates, taken=names_in(present, add=order.add))
    login = log_in(order, machine, choice)
    directory = (
        load(order.config, machine.environment).local.directory
        if order.add
        else choose_directory(order, machine.prompt)
    )
    room = free_bytes(directory).free
    _say_all(machine, server_lines(login.facts, login.survey.paths, free_bytes=room, directory=str(directory)))
    databases = choose_databases(order, machine.prompt, login.facts.schemas, machine.say)
    password = new_password() if login.creates_user else login.password
    draft = draft_configuration(
        order,
        machine,
        choice,
        present=present,
        user=login.user,
        password=password,
        databases=databases,
        directory=directory,
    )
    require_lasting(machine, draft.settings, choice.name, login.survey.paths)
    _see_to_engine(order, machine, login, draft.settings, in_container=choice.placement is Placement.CONTAINER)
    plan = _plan(order, machine, choice, login, draft, databases)
    replaced = replacement_notes(order, machine, present, draft)
    same = same_server_notes(machine, draft.settings, choice.name, login.facts)
    plan = replace(plan, notes=(*plan.notes, *replaced, *same))
    machine.say("\nWhat will be done:" if not order.dry_run else "\nWhat would be done:")
    _say_all(machine, (f"  {line}" for line in plan.lines()))
    if order.dry_run:
        machine.say("\nNothing was changed.")
        return DONE
    if not machine.prompt.confirm("Do it?"):
        raise CancelledError("not confirmed; nothing was changed")
    require_nothing_goes_on(order, machine)  # a schedule may have come due while questions were answered
    _perform(machine, choice, login, plan, password)
    machine.say("\nDone, all of it.\n")
    settings = load(order.config, machine.environment)
    return _finish(order, machine, settings, (choice.name,))


def _finish(order: SetupOrder, machine: Machine, settings: Settings, servers: tuple[str, ...]) -> int:
    """Do what comes after the configuration, and return the exit code; Ctrl-C takes nothing of it back."""
    try:
        results = [finish(order, machine, settings, server) for server in servers]
    except KeyboardInterrupt:
        with suppress(OSError):  # the terminal may be what was lost
            machine.say("\ninterrupted; all that was planned is written, and stays. What is left:")
            machine.say("  systemctl restart octeth-backupd && octeth-backupctl doctor")
        return INTERRUPTED
    if not settings.notify:
        machine.say("\nNobody is told when a backup fails, as long as no notifier is set: docs/how-to/notifications.md")
    return DONE if all(results) else DEGRADED


def _require_confirmed(order: SetupOrder, machine: Machine) -> None:
    if order.install_engine and not (order.yes or order.dry_run or machine.prompt.is_attended):
        raise InvalidRequestError(
            "--install-engine runs a package manager, and nobody is there to confirm it", hint="Give --yes as well."
        )


def _plan(
    order: SetupOrder, machine: Machine, choice: ServerChoice, login: LoggedIn, draft: Draft, databases: tuple[str, ...]
) -> Plan:
    unit = plan_unit(
        machine,
        choice.name,
        login.survey.paths,
        placement=choice.placement,
        target=choice.target,
        directory=draft.settings.local.directory,
    )
    made = () if order.config.parent.is_dir() else ((order.config.parent, 0o750),)
    account = _account(login, choice) if login.creates_user else None
    is_new = True
    if account is not None:
        with _administrator(login) as session:
            is_new = require_new(session, account, force=order.force)
    return replace(
        unit,
        files=(*plan_files(order, machine, draft), *unit.files),
        directories=(*made, *unit.directories),
        account=account.quoted if account else "",
        keeps_account=not is_new,
        grants=_grants(login, account, databases, draft.settings) if account else (),
    )


def _account(login: LoggedIn, choice: ServerChoice) -> Account:
    return account_for(login.user, choice.placement, login.facts.address)


def _grants(login: LoggedIn, account: Account, databases: tuple[str, ...], settings: Settings) -> tuple[str, ...]:
    engine = engine_for(choose_engine(settings.backup.engine, login.facts.vendor), settings.engines)
    required = engine.required_grants(login.facts)
    return grant_statements(required, databases or login.facts.schemas, account, login.facts.variables)


def _perform(machine: Machine, choice: ServerChoice, login: LoggedIn, plan: Plan, password: str) -> None:
    if not login.creates_user:
        with FileChanges() as changes:
            _write(machine, plan, changes)
        return
    account = _account(login, choice)
    with _administrator(login) as session, FileChanges() as changes:
        create_account(
            session,
            account,
            password,
            plan.grants,
            vendor=login.facts.vendor,
            log_in=lambda: _administrator(login),
            on_failure=changes.on_failure,
            say=machine.say,
        )
        _try_account(login, password)
        _write(machine, plan, changes)


def _administrator(login: LoggedIn) -> AbstractContextManager[Session]:
    return login.server.connect(login.server.locate())


def _try_account(login: LoggedIn, password: str) -> None:
    """Log in as the account that was just made.

    Raises:
        ServerError: It does not work, and the account is taken away again.
    """
    server = login.server.as_login(login.user, SecretStr(password))
    with server.connect(server.locate()) as session:
        session.rows("SELECT 1")


def _write(machine: Machine, plan: Plan, changes: FileChanges) -> None:
    write_planned(plan, changes)
    run_commands(plan.commands, machine.host_runner, machine.say)


def _see_to_engine(
    order: SetupOrder, machine: Machine, login: LoggedIn, settings: Settings, *, in_container: bool
) -> None:
    """Say whether a fitting engine is there; else how to get one, and get it where that was ordered or is wanted."""
    standing = look_at_engine(login.server, settings, machine.clock)
    machine.say(f"engine: {standing.words}")
    if standing.fits:
        return
    with TemporaryDirectory(prefix="octeth-backupd-setup-") as directory:
        shown = _advice(order, machine, login, in_container=in_container, directory=".")
        _say_all(machine, (f"  {line}" for line in shown.lines()))
        if order.dry_run or not shown.commands:
            return
        if not order.install_engine and not machine.prompt.offer("Run these commands now?", default=False):
            return
        if order.install_engine and not machine.prompt.confirm("Run these commands now?"):
            raise CancelledError("not confirmed; nothing was changed")
        commands = _advice(order, machine, login, in_container=in_container, directory=directory).commands
        install(commands, machine.host_runner, machine.say)
    machine.say(f"engine: {look_at_engine(login.server, settings, machine.clock).words}")


def _advice(
    order: SetupOrder, machine: Machine, login: LoggedIn, *, in_container: bool, directory: str
) -> EngineAdvice:
    release = machine.places.os_release
    return advise(
        login.facts.vendor,
        login.facts.version,
        in_container=in_container,
        manager=package_manager(release.read_text(errors="replace") if release.exists() else ""),
        percona_release=order.percona_release,
        directory=directory,
    )


def _offered_tool(order: SetupOrder, machine: Machine) -> Path | None:
    """Return the bash tool's directory where it is there and is to be imported."""
    if order.add or order.target is not None:
        return None
    places = (
        path for path in machine.places.old_tools if any((path / name).is_file() for name in (".env", "config/.env"))
    )
    found = next(places, None)
    if found is None:
        return None
    machine.say(f"The bash tool's configuration is in {found}. To take it over: octeth-backupd import {found}")
    return found if machine.prompt.offer("Take over its settings and archives, instead of asking?") else None


def _set_up_imported(order: SetupOrder, machine: Machine, directory: Path) -> int:
    """Import from the bash tool, then do what an import does not: the drop-ins, checks, start and first backup."""
    code = machine.import_tool(directory)
    if code != DONE or order.dry_run:
        return code
    settings = load(order.config, machine.environment)
    for name, server_settings in settings.servers.items():
        server = Server(name=name, settings=server_settings, docker=machine.docker, clock=machine.clock)
        paths = server.survey().paths
        require_lasting(machine, settings, name, paths)
        plan = plan_unit(
            machine,
            name,
            paths,
            placement=server_settings.placement,
            target=server_settings.systemd_unit or "",
            directory=settings.local.directory,
        )
        with FileChanges() as changes:
            _write(machine, plan, changes)
        _say_all(machine, (f"written: {file.path}" for file in plan.files))
    return _finish(order, machine, settings, tuple(settings.servers))


def _say_all(machine: Machine, lines: Iterable[str]) -> None:
    for line in lines:
        machine.say(line)
