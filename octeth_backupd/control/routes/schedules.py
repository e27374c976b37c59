"""Schedules: show, pause, resume."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Body, Request

from octeth_backupd.control.calls import CallsHere
from octeth_backupd.control.protocol import PEER_KEY
from octeth_backupd.control.schemas import ScheduleItem, SchedulesDocument, ScheduleSelection

if TYPE_CHECKING:
    from octeth_backupd.control.services import ScheduleView

router = APIRouter()

Selection = Annotated[ScheduleSelection | None, Body()]


@router.get("/v1/schedules")
async def schedules(calls: CallsHere) -> SchedulesDocument:
    """Show every schedule of every server."""
    return _document(await calls.quick(calls.services.schedules))


@router.post("/v1/schedules/pause")
async def pause(request: Request, calls: CallsHere, selection: Selection = None) -> SchedulesDocument:
    """Pause schedules until they are resumed, across restarts; answers with the ones concerned."""
    wanted = selection or ScheduleSelection()
    requested_by = str(request.scope[PEER_KEY])
    return _document(
        await calls.quick(
            lambda: calls.services.pause(server=wanted.server, schedule=wanted.schedule, requested_by=requested_by)
        )
    )


@router.post("/v1/schedules/resume")
async def resume(request: Request, calls: CallsHere, selection: Selection = None) -> SchedulesDocument:
    """Undo pause; answers with the schedules concerned."""
    wanted = selection or ScheduleSelection()
    requested_by = str(request.scope[PEER_KEY])
    return _document(
        await calls.quick(
            lambda: calls.services.resume(server=wanted.server, schedule=wanted.schedule, requested_by=requested_by)
        )
    )


def _document(views: list[ScheduleView]) -> SchedulesDocument:
    return SchedulesDocument(schedules=[ScheduleItem.model_validate(view) for view in views])
