"""What is wrong now, as JSON."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict

from octeth_backupd.domain.notices.notice import NoticeKind, Severity


class ProblemView(BaseModel):
    """Something that is wrong now; see domain.notices.current.CurrentProblem."""

    model_config = ConfigDict(from_attributes=True, frozen=True)

    key: str
    kind: NoticeKind
    severity: Severity
    server: str
    since: datetime
    title: str
    cause: str
    hint: str
    command: str
    covered_by: Annotated[list[str], BeforeValidator(sorted)]
