"""All checks of one server or of all, for ``octeth-backupctl doctor``; the same that run before a backup."""

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
    """Return every check's answer for a server, or for all when None; a check never hides another.

    Remote storages are tried step by step; they belong to no server.
    """
    names = list(parts.servers) if server is None else [server]
    results = [result for name in names for result in _diagnose(parts, installation_id, name)]
    remote = [storage for storage in parts.storages if storage.is_remote]
    return [*results, *(result for storage in remote for result in storage.diagnose())]


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
