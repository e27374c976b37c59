"""Catalog and storage backends compared: begin, and what the last time found."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Body, Request, Response

from octeth_backupd.control.calls import CallsHere
from octeth_backupd.control.protocol import PEER_KEY
from octeth_backupd.control.schemas import RunDocument, RunView
from octeth_backupd.control.sync_schemas import SyncReportDocument, SyncReportView, SyncWish
from octeth_backupd.domain.restore.order import SyncOrder

router = APIRouter()


@router.post("/v1/sync", status_code=202)
async def sync(
    request: Request, response: Response, calls: CallsHere, wish: Annotated[SyncWish | None, Body()] = None
) -> RunDocument:
    """Begin to compare every storage backend with the catalog and answer at once with the run.

    Without ``repair`` nothing in any storage backend is changed but this installation's own state files.
    """
    wanted = wish or SyncWish()
    order = SyncOrder(adopt=wanted.adopt, repair=wanted.repair, server=wanted.server)
    requested_by = str(request.scope[PEER_KEY])
    run = await calls.quick(lambda: calls.services.request_sync(order, requested_by=requested_by))
    response.headers["location"] = f"/v1/runs/{run.run_id}"
    return RunDocument(run=RunView.model_validate(run))


@router.get("/v1/sync")
async def report(calls: CallsHere) -> SyncReportDocument:
    """Show what the last sync found; the log has all of it where there is very much."""
    found = await calls.quick(calls.services.sync_report)
    return SyncReportDocument(report=None if found is None else SyncReportView.model_validate(found))
