"""Keeping and deleting: the retention plan, expiry, pins, accepts, deletion of one backup."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Body, Request, Response

from octeth_backupd.control.calls import CallsHere
from octeth_backupd.control.identifiers import PartInPath, ServerFilter, checked_part
from octeth_backupd.control.protocol import PEER_KEY
from octeth_backupd.control.retention_schemas import (
    BackupDetailDocument,
    Deletion,
    Noted,
    RetentionWish,
    RunsAcceptedDocument,
)
from octeth_backupd.control.routes.backups import backup_detail
from octeth_backupd.control.schemas import RunDocument, RunView

router = APIRouter()


@router.get("/v1/retention", responses={200: {"content": {"application/json": {}}}}, response_class=Response)
async def retention(calls: CallsHere, server: ServerFilter = None) -> Response:
    """Say what becomes of each copy by the retention policy, and why; touches nothing."""
    servers = await calls.quick(lambda: calls.services.retention_json(server=server))
    return Response(b'{"schema_version":1,"servers":' + servers + b"}", media_type="application/json")


@router.post("/v1/retention", status_code=202)
async def apply(
    request: Request, calls: CallsHere, wish: Annotated[RetentionWish | None, Body()] = None
) -> RunsAcceptedDocument:
    """Start to delete what the policy does not keep, and answer at once with the runs, one a server.

    Confirms the policy in force. With ``despite_hold`` open holds end first.
    """
    wanted = wish or RetentionWish()
    requested_by = str(request.scope[PEER_KEY])
    runs = await calls.quick(
        lambda: calls.services.request_retention(
            server=wanted.server, despite_hold=wanted.despite_hold, requested_by=requested_by
        )
    )
    return RunsAcceptedDocument(runs=[RunView.model_validate(run) for run in runs])


@router.post("/v1/backups/{part:path}/pin")
async def pin(
    part: PartInPath,
    request: Request,
    response: Response,
    calls: CallsHere,
    noted: Annotated[Noted | None, Body()] = None,
) -> BackupDetailDocument:
    """Keep a backup until it is unpinned."""
    wanted, note, by = checked_part(part), "" if noted is None else noted.note, str(request.scope[PEER_KEY])
    found = await calls.quick(lambda: calls.services.pin(backup_id=wanted, note=note, requested_by=by))
    response.headers["content-location"] = f"/v1/backups/{found}"
    return await backup_detail(found, None, calls)


@router.post("/v1/backups/{part:path}/unpin")
async def unpin(part: PartInPath, request: Request, response: Response, calls: CallsHere) -> BackupDetailDocument:
    """Undo pin."""
    wanted, by = checked_part(part), str(request.scope[PEER_KEY])
    found = await calls.quick(lambda: calls.services.unpin(backup_id=wanted, requested_by=by))
    response.headers["content-location"] = f"/v1/backups/{found}"
    return await backup_detail(found, None, calls)


@router.post("/v1/backups/{part:path}/accept")
async def accept(
    part: PartInPath,
    request: Request,
    response: Response,
    calls: CallsHere,
    noted: Annotated[Noted | None, Body()] = None,
) -> BackupDetailDocument:
    """Take a doubted backup for good; holds about it end."""
    wanted, note, by = checked_part(part), "" if noted is None else noted.note, str(request.scope[PEER_KEY])
    found = await calls.quick(lambda: calls.services.accept(backup_id=wanted, note=note, requested_by=by))
    response.headers["content-location"] = f"/v1/backups/{found}"
    return await backup_detail(found, None, calls)


@router.post("/v1/backups/{part:path}/delete", status_code=202)
async def delete(
    part: PartInPath,
    request: Request,
    response: Response,
    calls: CallsHere,
    deletion: Annotated[Deletion | None, Body()] = None,
) -> RunDocument:
    """Start to delete every copy of a backup and answer at once with the run.

    ``confirm`` is the name of its server. Refused for what the policy never expires, unless ``force`` is true; always
    for a pinned backup and for another installation's.
    """
    wanted, order, by = checked_part(part), deletion or Deletion(), str(request.scope[PEER_KEY])
    run = await calls.quick(
        lambda: calls.services.request_delete(
            backup_id=wanted, confirm=order.confirm, force=order.force, requested_by=by
        )
    )
    response.headers["location"] = f"/v1/runs/{run.run_id}"
    return RunDocument(run=RunView.model_validate(run))
