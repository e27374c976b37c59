"""What can be tried of the local backup directory, step by step, for ``octeth-backupctl doctor``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from octeth_backupd.domain.checks import CheckResult, CheckStatus
from octeth_backupd.errors import BackupdError
from octeth_backupd.process.files import free_bytes

if TYPE_CHECKING:
    from collections.abc import Callable

    from octeth_backupd.storage.directory import BackupDirectory

STEPS = ("storage_mount", "storage_write", "storage_space")

_GIB = 1 << 30


def examine(name: str, directory: BackupDirectory, write: Callable[[], None]) -> tuple[CheckResult, ...]:
    """Try every step; once one has failed, those after it are unknown.

    Args:
        name: Of the storage backend.
        directory: Made when only it is missing, as before a backup.
        write: Writes something and takes it away again.
    """

    def mount() -> CheckResult:
        directory.make()
        return _result("storage_mount", name, f"{directory.path} is there, and what it lies on is mounted")

    def written() -> CheckResult:
        write()
        return _result("storage_write", name, f"{directory.path} can be written")

    results: list[CheckResult] = []
    trials: tuple[Callable[[], CheckResult], ...] = (mount, written, lambda: _space(name, directory))
    for step, trial in zip(STEPS, trials, strict=True):
        if any(result.status is CheckStatus.FAILED for result in results):
            results.append(
                _result(step, name, "not tried: the step before failed", CheckStatus.UNKNOWN, fix="Repair that first.")
            )
            continue
        try:
            results.append(trial())
        except BackupdError as exc:
            fix = exc.hint or "Make it writable for the daemon."
            results.append(_result(step, name, exc.message, CheckStatus.FAILED, fix=fix))
    return tuple(results)


def _space(name: str, directory: BackupDirectory) -> CheckResult:
    """Say how much room there is. Whether a backup fits is the check ``space`` of its server."""
    space = free_bytes(directory.path)
    summary = f"{space.free / _GIB:.1f} GiB free, {space.used_percent:.0f} % used"
    if space.free < _GIB:
        return _result(
            "storage_space", name, summary, CheckStatus.WARNING, fix=f"Free space on the disk of {directory.path}."
        )
    return _result("storage_space", name, summary)


def _result(
    step: str, name: str, summary: str, status: CheckStatus = CheckStatus.PASSED, *, fix: str = ""
) -> CheckResult:
    return CheckResult(name=step, status=status, summary=f"{name}: {summary}", fix=fix)
