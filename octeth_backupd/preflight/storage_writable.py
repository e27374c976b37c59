"""The places where backups are kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from octeth_backupd.errors import BackupdError
from octeth_backupd.preflight.base import failed, passed

if TYPE_CHECKING:
    from collections.abc import Callable

    from octeth_backupd.domain.checks import CheckResult
    from octeth_backupd.preflight.base import Subject


class StorageWritable:
    """Can every local storage backend be written?

    Remote ones are not asked: a backup does not wait for a network, and what does not arrive is uploaded later.
    """

    name = "storage_writable"

    def run(self, subject: Subject) -> CheckResult:
        """See Check.run."""
        storages = [storage for storage in subject.storages if not storage.is_remote]
        errors = [(storage.name, error) for storage in storages if (error := _error_of(storage.check))]
        if errors:
            return failed(
                self,
                subject,
                "; ".join(f"{name}: {error.message}" for name, error in errors),
                fix=errors[0][1].hint or "Make it writable for the daemon.",
            )
        names = ", ".join(storage.name for storage in storages)
        return passed(self, subject, f"writable: {names}")


def _error_of(check: Callable[[], None]) -> BackupdError | None:
    try:
        check()
    except BackupdError as exc:
        return exc
    return None
