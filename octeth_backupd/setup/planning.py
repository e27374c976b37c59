"""From answers to a plan: the files with their texts, tried before any of them is written."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from octeth_backupd.domain.blank_configuration import has_keys, sets_nothing
from octeth_backupd.domain.secret import Secret
from octeth_backupd.domain.server import Placement
from octeth_backupd.domain.setup.configuration import USUAL_DIRECTORY, ServerAnswers, new_configuration, with_server
from octeth_backupd.domain.setup.drop_in import drop_in_text, unprotected_roots, writable_directories
from octeth_backupd.domain.setup.plan import Plan
from octeth_backupd.errors import ConfigurationError
from octeth_backupd.settings.load import examine
from octeth_backupd.settings.problems import render_problems, toml_path
from octeth_backupd.settings.trial import try_configuration
from octeth_backupd.setup.units import has_unit
from octeth_backupd.setup.writing import planned_file

if TYPE_CHECKING:
    from collections.abc import Mapping

    from octeth_backupd.domain.server import ServerPaths
    from octeth_backupd.domain.setup.plan import PlannedFile
    from octeth_backupd.settings.settings import Settings
    from octeth_backupd.setup.order import Machine, SetupOrder
    from octeth_backupd.setup.questions import ServerChoice

UNIT = "octeth-backupd.service"


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A configuration that the daemon would take, and the password that goes into a file of its own."""

    text: str
    secrets: tuple[Secret, ...]
    settings: Settings


def draft_configuration(
    order: SetupOrder,
    machine: Machine,
    choice: ServerChoice,
    *,
    present: str,
    user: str,
    password: str,
    databases: tuple[str, ...],
    directory: Path,
) -> Draft:
    """Return the configuration, after the daemon's own judgement of it.

    Args:
        order: The flags.
        machine: Whose environment also counts.
        choice: The server.
        present: Text of the configuration that is there.
        user: Account that backs up.
        password: Its password; may be empty.
        databases: That tests look at.
        directory: Where backups go.

    Raises:
        ConfigurationError: The daemon would not take it; the message lists why.
    """
    password_file = PurePosixPath(order.config.parent / f"{choice.name}.password")
    answers = ServerAnswers(
        name=choice.name,
        placement=choice.placement,
        target=choice.target,
        user=user,
        password_file=password_file if password else None,
        databases=databases,
    )
    if order.add:
        text = with_server(present, answers)
    else:
        text = new_configuration(answers, directory=PurePosixPath(directory), sidecar_image=order.sidecar_image)
    secrets = (Secret(path=password_file, text=password),) if password else ()
    examination = try_configuration(text, secrets, path=order.config, environment=machine.environment)
    if examination.settings is None:
        problems = [problem for problem in examination.problems if not problem.is_warning]
        raise ConfigurationError(
            f"the answers make no configuration that could be used:\n{render_problems(problems)}",
            hint="Correct what is named, and run setup again; nothing was changed.",
        )
    return Draft(text=text, secrets=secrets, settings=examination.settings)


def plan_files(order: SetupOrder, machine: Machine, draft: Draft) -> tuple[PlannedFile, ...]:
    """Return the files of a configuration: the passwords first, for the configuration names them.

    Raises:
        ConfigurationError: A file with another password is there, and ``--force`` was not given.
    """
    now = machine.clock.now()
    files = []
    for secret in draft.secrets:
        file = planned_file(secret.path, f"{secret.text}\n", mode=0o600, now=now, is_secret=True)
        if file is not None and file.kept_as is not None and not order.force:
            raise ConfigurationError(
                f"{secret.path} is there and holds another password",
                hint="Move it away, or give --force, which keeps a copy of it; nothing was changed.",
            )
        files.append(file)
    files.append(planned_file(PurePosixPath(order.config), draft.text, mode=0o640, now=now))
    return tuple(file for file in files if file is not None)


def plan_unit(
    machine: Machine, server: str, paths: ServerPaths | None, *, placement: Placement, target: str, directory: Path
) -> Plan:
    """Return the drop-in of a server, and what goes with it; no drop-in where systemd does not have the daemon.

    Args:
        machine: This host.
        server: Name of the server.
        paths: Where its files are; None where that is not known.
        placement: How it runs.
        target: Its unit where it is one.
        directory: Where backups go.
    """
    backups = PurePosixPath(directory)
    directories = () if directory.is_dir() else ((backups, 0o700),)
    host = {} if paths is None else {role: PurePosixPath(path) for role, path in paths.host.items()}
    if placement is Placement.ADDRESS:
        host = {}  # no restore in place can stop or start it
        notes = [
            "a restore in place needs the server's unit or container; with a socket or address only restore --to is "
            "left (docs/how-to/server-outside-docker.md)"
        ]
    else:
        notes = _unprotected_notes(host)
    if not runs_by_systemd(machine):
        return Plan(files=(), directories=directories, notes=tuple(notes))
    text = drop_in_text(
        server,
        writable_directories(host, backups),
        backups=backups,
        unit=target if placement is Placement.SYSTEMD else "",
    )
    path = PurePosixPath(machine.places.units / f"{UNIT}.d" / f"setup-{server}.conf")
    file = planned_file(path, text, mode=0o644, now=machine.clock.now()) if text else None
    if file is None:
        return Plan(files=(), directories=directories, notes=tuple(notes))
    made = () if Path(path.parent).is_dir() else ((path.parent, 0o755),)
    return Plan(
        files=(file,),
        directories=(*directories, *made),
        commands=(("systemctl", "daemon-reload"),),
        notes=tuple(notes),
    )


def _unprotected_notes(host: Mapping[str, PurePosixPath]) -> list[str]:
    return [
        f"{path} lies directly beneath /: the unit's sandbox cannot be opened for a restore in place of it alone"
        for path in unprotected_roots(host)
    ]


def runs_by_systemd(machine: Machine) -> bool:
    """Return whether systemd runs this host and has the daemon's unit; a checkout has none."""
    return machine.places.systemd.is_dir() and has_unit(machine.host_runner, UNIT)


def replacement_notes(order: SetupOrder, machine: Machine, present: str, draft: Draft) -> tuple[str, ...]:
    """Return what the operator loses with the present configuration: its tables, and the directory of its backups.

    Args:
        order: The flags.
        machine: This host, whose environment also counts.
        present: Text of the configuration that is there.
        draft: The new one.
    """
    notes = []
    if lost := lost_tables(present, draft.text):
        notes.append(f"these tables of the present configuration are not in the new one: {', '.join(lost)}")
    before = None if sets_nothing(present) else examine(order.config, machine.environment).settings
    new = draft.settings.local.directory
    if before is None or before.local.directory in {new, new.resolve()} or not before.local.directory.is_dir():
        return tuple(notes)
    old = before.local.directory
    was_opened = PurePosixPath(old) != USUAL_DIRECTORY and runs_by_systemd(machine)
    shut = f", and the new drop-in does not open {old} any more" if was_opened else ""
    notes.append(
        f"backups go to {new} from now on; those in {old} stay there, but the daemon will call them missing{shut}. To "
        f"keep them: move what is in {old} into {new}, then octeth-backupctl sync"
    )
    return tuple(notes)


def lost_tables(present: str, text: str) -> tuple[str, ...]:
    """Return the tables of the present configuration that a new one does not have, as they are written there.

    A table that sets nothing, as those of the package's file, is no loss.
    """
    try:
        before, after = _tables(tomllib.loads(present)), _tables(tomllib.loads(text))
    except tomllib.TOMLDecodeError:
        return ()
    return tuple(f"[{toml_path(path)}]" for path in before if path not in after)


def _tables(values: Mapping[str, Any]) -> dict[tuple[str, ...], None]:
    """Return the tables in their order: those of tables of tables (servers, notify, storages) each, else the first."""
    found: dict[tuple[str, ...], None] = {}
    for name, table in values.items():
        if isinstance(table, dict) and has_keys(table):
            inner = [key for key, value in table.items() if isinstance(value, dict)]
            paths = (
                [(name, key) for key in inner if has_keys(table[key])]
                if inner and len(inner) == len(table)
                else [(name,)]
            )
            found |= dict.fromkeys(paths)
    return found


def names_in(present: str, *, add: bool) -> tuple[str, ...]:
    """Return the servers that a configuration has and that stay there."""
    if not add or sets_nothing(present):
        return ()
    servers = tomllib.loads(present).get("servers", {})
    return tuple(servers) if isinstance(servers, dict) else ()
