"""The JSON documents of notifiers; stable like those of control.schemas."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from octeth_backupd.control.notifier_view import NotifierView
from octeth_backupd.control.schemas import Document, View


class NotifiersDocument(Document):
    """Every notifier of the configuration."""

    notifiers: list[NotifierView]


class NotifierTestView(View):
    """What became of a test notice; see control.notifier_services.NotifierTest."""

    name: str
    kind: str
    endpoint: str
    duration_seconds: float
    error: str
    hint: str


class NotifierTestsDocument(Document):
    """What became of test notices; ``passed`` when all arrived."""

    passed: bool
    tests: list[NotifierTestView]


class NotifierTestWish(BaseModel):
    """Body of ``POST /v1/notifiers/test``; without a name, all of them."""

    model_config = ConfigDict(extra="forbid")

    name: str | None = None
