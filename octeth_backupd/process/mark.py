"""The mark that every program and sidecar of a run carries, so that recovery finds what a killed daemon left."""

from __future__ import annotations

from dataclasses import dataclass

ENVIRONMENT_NAME = "OCTETH_BACKUPD_RUN"
INSTALLATION_LABEL = "octeth-backupd.installation"
RUN_LABEL = "octeth-backupd.run"


@dataclass(frozen=True, slots=True)
class RunMark:
    """Whose run a process or container belongs to."""

    installation_id: str
    run_id: str

    @property
    def text(self) -> str:
        """Return the mark as it stands in an environment: ``<installation id>/<run id>``."""
        return f"{self.installation_id}/{self.run_id}"

    def environment(self) -> dict[str, str]:
        """Return the environment variable that marks a process on the host."""
        return {ENVIRONMENT_NAME: self.text}

    def labels(self) -> dict[str, str]:
        """Return the labels that mark a sidecar."""
        return {INSTALLATION_LABEL: self.installation_id, RUN_LABEL: self.run_id}


def parse_mark(text: str) -> RunMark | None:
    """Return the mark in the value of the environment variable, or None when it is not one of ours."""
    installation_id, slash, run_id = text.partition("/")
    if not (installation_id and slash and run_id):
        return None
    return RunMark(installation_id, run_id)
