"""All checks of one server or of all, and of each storage backend, for ``octeth-backupctl doctor``.

Those of a server are the ones that run before a backup; those of a storage backend try everything that is done there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from octeth_backupd.domain.checks import CheckResult, CheckStatus
from octeth_backupd.errors import BackupdError
from octeth_backupd.pipeline.inspection import inspect_server
from octeth_backupd.pipeline.programs import Programs
from octeth_backupd.preflight.run import run_checks
from octeth_backupd.process.cancellation import Cancellation

if TYPE_CHECKING:
    from octeth_backupd.pipeline.parts import Parts

DIAGNOSIS_MARK = "doctor"


def diagnose(parts: Parts, installation_id: str, server: str | None) -> list[CheckResult]:
    """Return every check's answer: of the storage backends, and of a server, or of all when None.

    A check never hides another.
    """
    names = list(parts.servers) if server is None else [server]
    of_storages = [result for storage in parts.storages for result in storage.diagnose()]
    return of_storages + [result for name in names for result in _diagnose(parts, installation_id, name)]


def _diagnose(parts: Parts, installation_id: str, name: str) -> tuple[CheckResult, ...]:
    programs = Programs(parts, installation_id=installation_id, run_id=DIAGNOSIS_MARK)
    try:
        inspection = inspect_server(
            parts.servers[name], parts, programs=programs, binds={}, cancellation=Cancellation()
        )
    except BackupdError as exc:
        return (
            CheckResult(name="inspection", server=name, status=CheckStatus.FAILED, summary=exc.message, fix=exc.hint),
        )
    return run_checks(inspection.subject)
