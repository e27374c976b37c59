"""Look at the systemd unit of a server, and at the unit of whatever server answers in its place."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from octeth_backupd.domain.restore.site_refusals import not_in_unit, unit_absent
from octeth_backupd.errors import BackupdError
from octeth_backupd.pipeline.restore.server_program import on_host
from octeth_backupd.pipeline.restore.unit_facts import read_unit
from octeth_backupd.process.own_unit import own_unit
from octeth_backupd.servers.unit_standing import UnitStanding

if TYPE_CHECKING:
    from octeth_backupd.domain.restore.plan import Refusal
    from octeth_backupd.pipeline.restore.unit_facts import UnitFacts
    from octeth_backupd.process.host import HostRunner
    from octeth_backupd.servers.server import Server
    from octeth_backupd.servers.survey import Survey


def look_at_unit(server: Server, survey: Survey, host: HostRunner) -> UnitStanding | None:
    """Return how the server's unit stands; None for a server that has none.

    Args:
        server: Which.
        survey: What was found out about it.
        host: Runs systemctl.
    """
    location = survey.location
    if location is None or not location.systemd_unit:
        return None
    facts = read_unit(location.systemd_unit, on_host(host))
    return UnitStanding(
        name=facts.name,
        is_known=facts.is_known,
        exists=facts.exists,
        is_running=facts.is_running,
        answering=answering_unit(server, survey),
    )


def unit_refusals(server: Server, survey: Survey, unit: UnitFacts) -> tuple[Refusal, ...]:
    """Return that a restore would stop another server than the one whose data it replaces.

    Args:
        server: Which.
        survey: What was found out about it.
        unit: What systemd says of its unit.
    """
    if survey.location is None or not survey.location.systemd_unit or not unit.is_known:
        return ()
    if not unit.exists:
        return (unit_absent(server.name, survey.location.systemd_unit),)
    if survey.facts is None:
        return ()
    answering = answering_unit(server, survey)
    if unit.is_running and answering in {"", unit.name}:
        return ()
    return (not_in_unit(server.name, unit.name, answering if answering != unit.name else ""),)


def answering_unit(server: Server, survey: Survey, *, process_directory: Path = Path("/proc")) -> str:
    """Return the unit of the server that answers; empty where nobody can tell.

    Args:
        server: Which.
        survey: What was found out about it.
        process_directory: Where processes are looked at.
    """
    if survey.location is None or survey.facts is None:
        return ""
    try:
        with server.connect(survey.location) as session:
            process_id = session.server_process_id
    except BackupdError:
        return ""
    return own_unit(process_directory / str(process_id) / "cgroup") if process_id else ""
