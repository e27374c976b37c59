"""What a run that was not ended by an error has to say."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from octeth_backupd.domain.backup import RunStatus

if TYPE_CHECKING:
    from collections.abc import Mapping

    from octeth_backupd.pipeline.context import RunContext
    from octeth_backupd.pipeline.parts import Parts


@dataclass(frozen=True, slots=True, kw_only=True)
class RunResult:
    """Outcome of a run: success, or degraded with the reasons in ``detail``."""

    status: RunStatus = RunStatus.SUCCESS
    backup_id: str | None = None
    detail: Mapping[str, Any] = field(default_factory=dict)


class Execute(Protocol):
    """A whole operation: ``pipeline.backup.back_up``, ``pipeline.verify.verify_backup``."""

    def __call__(self, context: RunContext, parts: Parts) -> RunResult:
        """Do it.

        Raises:
            BackupdError: It failed or was cancelled.
        """
