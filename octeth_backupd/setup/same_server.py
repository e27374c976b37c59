"""Is a server that is added one that the configuration has already, by another way to it?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from octeth_backupd.servers.server import Server

if TYPE_CHECKING:
    from octeth_backupd.domain.server import ServerFacts, ServerIdentity
    from octeth_backupd.settings.settings import Settings
    from octeth_backupd.setup.order import Machine


def same_server_notes(machine: Machine, settings: Settings, added: str, facts: ServerFacts) -> tuple[str, ...]:
    """Return a note for each configured server that is the one to be added; each is asked, those that answer count.

    Args:
        machine: This host.
        settings: The new configuration.
        added: Name of the server that is added.
        facts: Of it.
    """
    notes = []
    for name, of_server in settings.servers.items():
        if name == added:
            continue
        survey = Server(name=name, settings=of_server, docker=machine.docker, clock=machine.clock).survey()
        if survey.facts is not None and _is_same(survey.facts.identity, facts.identity):
            notes.append(
                f"{added} is the same server as {name}, which is configured already: it would be backed up twice, and "
                "a restore of one is a restore of both"
            )
    return tuple(notes)


def _is_same(one: ServerIdentity, other: ServerIdentity) -> bool:
    if one.data_inode and other.data_inode:  # before the uuid, which a copied data directory may bring along
        return (one.data_device, one.data_inode) == (other.data_device, other.data_inode)
    return bool(one.server_uuid) and one.server_uuid == other.server_uuid
