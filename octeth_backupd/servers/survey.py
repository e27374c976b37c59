"""What was found out about a server in one sitting, as far as it went."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from octeth_backupd.domain.server import Location, ServerFacts, ServerPaths
    from octeth_backupd.errors import BackupdError

SurveyStage = Literal["docker", "container", "login", "facts", "paths", ""]


@dataclass(frozen=True, slots=True, kw_only=True)
class DataOwner:
    """Whom the data directory belongs to on the host; numbers, because names differ inside a container."""

    user_id: int
    group_id: int
    mode: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """What was found, and the error where it ended.

    Attributes:
        location: None when the container was not found.
        facts: None when nothing could be asked in SQL; with an error of stage "facts" they are incomplete.
        paths: None when the facts are.
        owner: Of the data directory; None where the host cannot see it.
        error: Why the survey ended early; None when it is complete.
        error_stage: Where it ended; empty when it is complete.
    """

    location: Location | None = None
    facts: ServerFacts | None = None
    paths: ServerPaths | None = None
    owner: DataOwner | None = None
    error: BackupdError | None = None
    error_stage: SurveyStage = ""
