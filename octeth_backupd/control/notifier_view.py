"""A notifier in the documents of the control interface; by itself, for status shows it too."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, ConfigDict


class NotifierView(BaseModel):
    """How a notifier stands; see control.notifier_services.NotifierStatus."""

    model_config = ConfigDict(from_attributes=True, frozen=True)

    name: str
    kind: str
    endpoint: str
    on: list[str]
    state: str
    waiting: int
    waiting_since: datetime | None
    next_try_at: datetime | None
    last_sent_at: datetime | None
    last_failed_at: datetime | None
    last_error: str
    given_up: int
