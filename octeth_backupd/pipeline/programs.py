"""The runners of one run: on the host and in sidecars, all carrying the run's mark."""

from __future__ import annotations

from typing import TYPE_CHECKING

from octeth_backupd.process.host import HostRunner
from octeth_backupd.process.mark import RunMark
from octeth_backupd.process.redaction import Redactor
from octeth_backupd.process.sidecar import SidecarRunner

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from typing import Literal

    from octeth_backupd.pipeline.parts import Parts


class Programs:
    """Make runners for a run, or for a diagnosis under a name of its own.

    Attributes:
        mark: What everything that is started carries.
    """

    def __init__(self, parts: Parts, *, installation_id: str, run_id: str) -> None:
        self._docker = parts.docker
        self.mark = RunMark(installation_id, run_id)
        self._redactor = Redactor(parts.secrets)
        self.host = HostRunner(mark=self.mark, redactor=self._redactor, path=parts.search_path)

    def sidecar(self, image: str, container_id: str, binds: Mapping[Path, Literal["rw", "ro"]]) -> SidecarRunner:
        """Return what runs programs beside a server's container; ``binds`` are mounted at the same path."""
        return SidecarRunner(
            docker=self._docker,
            image=image,
            container_id=container_id,
            binds=binds,
            mark=self.mark,
            redactor=self._redactor,
        )
