"""The places where backups are kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from octeth_backupd.errors import BackupdError
from octeth_backupd.preflight.base import failed, passed, warning

if TYPE_CHECKING:
    from collections.abc import Callable

    from octeth_backupd.domain.checks import CheckResult
    from octeth_backupd.preflight.base import Subject


class StorageWritable:
    """Can every storage backend be written? One that is remote is no reason not to take a backup: its copy can wait."""

    name = "storage_writable"

    def run(self, subject: Subject) -> CheckResult:
        """See Check.run."""
        if not subject.storages:
            return failed(
                self,
                subject,
                "no storage backend is configured",
                fix="Set [local] keep = true, or configure another storage backend.",
            )
        errors = [(storage.name, error) for storage in subject.storages if (error := _error_of(storage.check))]
        if errors:
            summary = "; ".join(f"{name}: {error.message}" for name, error in errors)
            fix = errors[0][1].hint or "Make it writable for the daemon."
            if {name for name, _ in errors}.issubset(storage.name for storage in subject.storages if storage.is_remote):
                return warning(self, subject, summary, fix=fix)
            return failed(self, subject, summary, fix=fix)
        names = ", ".join(storage.name for storage in subject.storages)
        return passed(self, subject, f"writable: {names}")


def _error_of(check: Callable[[], None]) -> BackupdError | None:
    try:
        check()
    except BackupdError as exc:
        return exc
    return None
