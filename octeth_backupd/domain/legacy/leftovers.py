"""What has no place in the new configuration: ClickHouse, notifications, and what the tool never read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from octeth_backupd.domain.legacy.crontab import CronPurpose
from octeth_backupd.domain.legacy.report import Fate, Note

if TYPE_CHECKING:
    from octeth_backupd.domain.legacy.draft import Draft
    from octeth_backupd.domain.legacy.surroundings import Surroundings

_NEVER_READ = {
    "MYSQL_PORT": "was only printed; the port is found out",
    "MYSQL_USERNAME": "was never used; the account is root",
    "MYSQL_USER": "is the owner of files where it stands last; the account is root",
    "MYSQL_GROUP": "owner and group are those of the present data directory",
    "DATA_DIR": "is found out",
    "MYSQL_CONNECT_TIMEOUT": "never had an effect",
    "DOCKER_CMD": "is not needed: the daemon talks to Docker's socket as root",
    "TEMP_DIR": "is never used: the bash tool deletes it whole at each exit. [backup] workspace_directory is the place",
    "LOCK_FILE": "is not needed: the daemon has its own lock, and the file is never touched",
    "LOG_FILE": "is not written any more: the log goes to the journal",
    "LOG_RETENTION_DAYS": "the journal keeps its own time",
    "DATE_FORMAT": "is read to find the archives; new names are in UTC",
    "BACKUP_PREFIX": "is read to find the archives; new names begin with octeth-backup",
    "LONGTERM": "is a directory of the older tool in the bucket; nothing is looked for there",
    "SHORTTERM": "is a directory of the older tool in the bucket; nothing is looked for there",
    "GCS_PROJECT_ID": "is not needed",
    "S3_UPLOAD_ENABLED": "counts where CLOUD_STORAGE_PROVIDER is not set, as before",
}
_INNER = frozenset(
    {
        "BACKUP_TYPE_DAILY", "BACKUP_TYPE_WEEKLY", "BACKUP_TYPE_MONTHLY", "DAILY_DIR", "WEEKLY_DIR", "MONTHLY_DIR",
        "DOCKER_EXEC", "MYSQL_CMD", "XTRABACKUP_CMD", "AWS_CMD", "RCLONE_CMD",
    }
)  # fmt: skip
_OTHER_PROVIDERS = ("S3_", "GCS_", "R2_", "AWS_", "RCLONE_", "GOOGLE_")


def note_leftovers(draft: Draft, around: Surroundings) -> None:
    """Say of everything that was given and not taken over why it was not."""
    _clickhouse(draft, around)
    configuration = draft.configuration
    for name, why in _NEVER_READ.items():
        if configuration.is_set(name):
            draft.note(Fate.IGNORED, name, why)
    if configuration.is_set("MYSQL_HOST") and configuration.is_set("MYSQL_PASSWORD"):
        draft.note(Fate.IGNORED, "MYSQL_PASSWORD", "was never used; the account is root")
    for name, source in sorted(configuration.overruled.items()):
        if name not in _INNER:
            draft.note(Fate.IGNORED, name, f"never had an effect in {source}: backup.conf comes later and wins")
    unused = [name for name in _given(draft) if name.startswith(_OTHER_PROVIDERS)]
    if unused:
        draft.note(Fate.IGNORED, ", ".join(unused), "belong to storage that is not in use")
    unknown = [name for name in _given(draft) if not name.startswith("_") and name not in _INNER]
    if unknown:
        draft.note(Fate.IGNORED, ", ".join(unknown), "are no variables of the bash tool")
    for place in configuration.unread:
        draft.notes.append(place_note(place.source, place.message))


def place_note(source: str, message: str) -> Note:
    """Return the note on a place that was not followed."""
    return Note(fate=Fate.BY_HAND, subject=source, message=f"{message}; what it sets has to be entered by hand")


def _given(draft: Draft) -> list[str]:
    """Return the variables that were given something and that nothing was said of, sorted."""
    configuration = draft.configuration
    return sorted(name for name in configuration.variables if name not in draft.seen and configuration.is_set(name))


def _clickhouse(draft: Draft, around: Surroundings) -> None:
    names = sorted(name for name in draft.configuration.variables if name.startswith("CH_"))
    lines = [line for line in around.cron_lines if line.purpose is CronPurpose.CLICKHOUSE]
    draft.seen.update(names)
    if names or lines:
        cron = "".join(f"; {line.place}, line {line.number}, goes on" for line in lines)
        draft.note(
            Fate.LEFT_ALONE, "ClickHouse",
            "is backed up by the bash tool as before: leave octeth-ch-*.sh, their settings"
            f"{f' ({len(names)} variables CH_…)' if names else ''} and their archives where they are{cron}",
        )  # fmt: skip
