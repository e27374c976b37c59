"""Notifiers: how they stand, and trying them."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Body, Request

from octeth_backupd.control.calls import CallsHere
from octeth_backupd.control.notifier_schemas import (
    NotifiersDocument,
    NotifierTestsDocument,
    NotifierTestView,
    NotifierTestWish,
)
from octeth_backupd.control.notifier_view import NotifierView
from octeth_backupd.control.protocol import PEER_KEY

router = APIRouter()


@router.get("/v1/notifiers")
async def notifiers(calls: CallsHere) -> NotifiersDocument:
    """Say how each notifier stands: what waits, what arrived last, what the last error was."""
    found = await calls.quick(calls.services.notifiers)
    return NotifiersDocument(notifiers=[NotifierView.model_validate(one) for one in found])


@router.post("/v1/notifiers/test")
async def test(
    request: Request, calls: CallsHere, wish: Annotated[NotifierTestWish | None, Body()] = None
) -> NotifierTestsDocument:
    """Send a test notice by one notifier or by all, and answer with what became of it; may take a minute."""
    name, by = (wish or NotifierTestWish()).name, str(request.scope[PEER_KEY])
    results = await calls.slow(lambda: calls.services.test_notifiers(name=name, requested_by=by))
    return NotifierTestsDocument(
        passed=not any(result.error for result in results),
        tests=[NotifierTestView.model_validate(result) for result in results],
    )
