"""What a stand-in is told besides its command line; ``tests.environment.standin`` bakes it into a wrapper script."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Self

from tests.standins.lies import Lie

PREFIX: Final = "XTRABACKUP_STANDIN_"


@dataclass(frozen=True, slots=True, kw_only=True)
class StandinSettings:
    """Settings of a stand-in.

    Args:
        version: XtraBackup's own, such as ``9.7.4-1``.
        image: Docker image whose server prepares; empty: server and stand-in run on this machine.
        program: The real program behind a wrapper that lies.
        lie: What it does wrong.
        seconds: How long the copy phase takes at least, for ``slow``.
        labels: Labels of the containers it starts, so that a later test session can remove them.
    """

    version: str = ""
    image: str = ""
    program: str = ""
    lie: Lie | None = None
    seconds: float = 0.0
    labels: Mapping[str, str] = field(default_factory=dict)

    def as_environment(self) -> dict[str, str]:
        """Return the variables that ``from_environment`` reads."""
        return {
            f"{PREFIX}VERSION": self.version,
            f"{PREFIX}IMAGE": self.image,
            f"{PREFIX}PROGRAM": self.program,
            f"{PREFIX}LIE": self.lie or "",
            f"{PREFIX}SECONDS": str(self.seconds),
            f"{PREFIX}LABELS": json.dumps(dict(self.labels)),
        }

    @classmethod
    def from_environment(cls) -> Self:
        """Read the settings that the wrapper script has set."""
        lie = os.environ.get(f"{PREFIX}LIE")
        return cls(
            version=os.environ.get(f"{PREFIX}VERSION", "9.7.4-1"),
            image=os.environ.get(f"{PREFIX}IMAGE", "octeth-backupd-test/mysql:9"),
            program=os.environ.get(f"{PREFIX}PROGRAM", ""),
            lie=Lie(lie) if lie else None,
            seconds=float(os.environ.get(f"{PREFIX}SECONDS", "0")),
            labels=json.loads(os.environ.get(f"{PREFIX}LABELS", "{}")),
        )
