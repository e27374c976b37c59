"""Runs: list, show, follow, cancel."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from octeth_backupd.control.calls import CallsHere
from octeth_backupd.control.identifiers import PartInPath, ServerFilter, checked_part
from octeth_backupd.control.protocol import PEER_KEY
from octeth_backupd.control.schemas import RunDetailDocument, RunDocument, RunsDocument, RunView
from octeth_backupd.control.streams import EventStream, run_detail

router = APIRouter()


@router.get("/v1/runs")
async def runs(
    calls: CallsHere,
    server: ServerFilter = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 50,
    before: Annotated[str | None, Query(description="Id of the last run of the page before.")] = None,
) -> RunsDocument:
    """List runs, newest first."""
    last = None if before is None else checked_part(before)
    found = await calls.quick(lambda: calls.services.runs(server=server, limit=limit, before=last))
    return RunsDocument(
        runs=[RunView.model_validate(run) for run in found],
        next_before=found[-1].run_id if len(found) == limit else None,
    )


@router.get(
    "/v1/runs/{part:path}/events",
    status_code=200,
    response_class=EventStream,
    responses={200: {"content": {"text/event-stream": {}}}},
)
async def events(part: PartInPath, calls: CallsHere) -> EventStream:
    """Stream a run as server-sent events: its state now, then what happens, until it is over."""
    wanted = checked_part(part)
    run = await calls.quick(lambda: calls.services.find_run(wanted))
    return EventStream(calls, run.run_id)


@router.post("/v1/runs/{part:path}/cancel", status_code=202)
async def cancel(part: PartInPath, request: Request, response: Response, calls: CallsHere) -> RunDocument:
    """Ask a run to end; it is over when its status says so."""
    wanted = checked_part(part)
    requested_by = str(request.scope[PEER_KEY])
    run = await calls.quick(lambda: calls.services.cancel(run=wanted, requested_by=requested_by))
    response.headers["location"] = f"/v1/runs/{run.run_id}"
    return RunDocument(run=RunView.model_validate(run))


@router.get("/v1/runs/{part:path}")
async def run(part: PartInPath, calls: CallsHere) -> RunDetailDocument:
    """Show a run with its steps and how far it is."""
    wanted = checked_part(part)
    found = await calls.quick(lambda: calls.services.find_run(wanted))
    return await calls.quick(lambda: run_detail(calls.services, found.run_id))
