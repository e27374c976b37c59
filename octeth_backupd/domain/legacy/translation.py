"""The bash tool's configuration as one of ours, with a word on everything that it had."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from octeth_backupd.domain.legacy.draft import Draft
from octeth_backupd.domain.legacy.leftovers import note_leftovers
from octeth_backupd.domain.legacy.notify_part import translate_notifications
from octeth_backupd.domain.legacy.report import Fate
from octeth_backupd.domain.legacy.run_part import translate_run
from octeth_backupd.domain.legacy.schedule_part import translate_retention, translate_schedules
from octeth_backupd.domain.legacy.server_part import translate_server
from octeth_backupd.domain.legacy.storage_part import translate_storage
from octeth_backupd.domain.toml_text import toml_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from octeth_backupd.domain.legacy.configuration import Configuration
    from octeth_backupd.domain.legacy.report import Note
    from octeth_backupd.domain.legacy.surroundings import Surroundings
    from octeth_backupd.domain.secret import Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class Translation:
    """What an import would write.

    Attributes:
        server: Name of the server in the new configuration.
        tables: The configuration: section → key → value. Secrets are in files of their own.
    """

    server: str
    tables: Mapping[str, Any]
    secrets: tuple[Secret, ...]
    notes: tuple[Note, ...]

    def config_text(self) -> str:
        """Return the file; it holds no secret, and begins with what is still to be entered."""
        todo = [str(note) for note in self.notes if note.fate is Fate.BY_HAND]
        head = ["octeth-backupd: written by octeth-backupd import. Every key: docs/reference/settings.md."]
        return toml_text(self.tables, head=[*head, *(["To be entered by hand:", *todo] if todo else [])])


def translate(configuration: Configuration, around: Surroundings) -> Translation:
    """Return the new configuration and the report."""
    draft = Draft(configuration, secret_directory=around.secret_directory)
    server = translate_server(draft, around)
    translate_run(draft, around)
    translate_storage(draft, around)
    translate_schedules(draft, around)
    translate_retention(draft)
    translate_notifications(draft)
    note_leftovers(draft, around)
    return Translation(
        server=server,
        tables=draft.tables,
        secrets=tuple(draft.secrets),
        notes=tuple(draft.notes),
    )
