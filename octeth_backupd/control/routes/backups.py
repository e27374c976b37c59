"""Backups: list, show, make, verify."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Body, Query, Request, Response

from octeth_backupd.control.calls import Calls, CallsHere
from octeth_backupd.control.identifiers import PartInPath, ServerFilter, checked_part
from octeth_backupd.control.protocol import PEER_KEY
from octeth_backupd.control.restore_schemas import VerifyOptions
from octeth_backupd.control.retention_schemas import BackupDetailDocument, HoldingsView
from octeth_backupd.control.schemas import BackupDocument, BackupOrder, BackupView, RunDocument, RunView
from octeth_backupd.domain.summary import backup_summary

if TYPE_CHECKING:
    from octeth_backupd.domain.backup import Backup

router = APIRouter()

_LARGEST_PAGE = 100_000


@router.get("/v1/backups", responses={200: {"content": {"application/json": {}}}}, response_class=Response)
async def backups(
    calls: CallsHere,
    server: ServerFilter = None,
    limit: Annotated[int, Query(ge=1, le=_LARGEST_PAGE)] = 100,
    after: Annotated[str | None, Query(description="Id of the last backup of the page before.")] = None,
) -> Response:
    """List backups without their manifests, newest first; a page shorter than ``limit`` is the last one.

    ``ours`` are the installations whose backups are ours; those of others are foreign.
    """
    last = None if after is None else checked_part(after)
    rows = await calls.quick(lambda: calls.services.backups_json(server=server, limit=limit, after=last))
    ours = json.dumps(sorted(await calls.quick(calls.services.ours))).encode()
    return Response(b'{"schema_version":1,"backups":' + rows + b',"ours":' + ours + b"}", media_type="application/json")


@router.post("/v1/backups", status_code=202)
async def make_backup(
    request: Request, response: Response, calls: CallsHere, order: Annotated[BackupOrder | None, Body()] = None
) -> RunDocument:
    """Start a backup and answer at once with its run.

    Refused with ``busy`` while another run holds the server, unless ``wait`` is true: then it is queued.
    """
    wanted = order or BackupOrder()
    requested_by = str(request.scope[PEER_KEY])
    run = await calls.quick(
        lambda: calls.services.request_backup(server=wanted.server, wait=wanted.wait, requested_by=requested_by)
    )
    response.headers["location"] = f"/v1/runs/{run.run_id}"
    return RunDocument(run=RunView.model_validate(run))


@router.post("/v1/backups/{part:path}/verify", status_code=202)
async def verify(
    part: PartInPath,
    request: Request,
    response: Response,
    calls: CallsHere,
    options: Annotated[VerifyOptions | None, Body()] = None,
) -> RunDocument:
    """Start a check of a backup's copies (checksum and read-back) and answer at once with its run.

    With ``deep`` the backup is unpacked, too, and a server started on it to check every table. ``storage`` names the
    one storage whose copy is read.
    """
    backup_id = checked_part(part)
    wanted = options or VerifyOptions()
    requested_by = str(request.scope[PEER_KEY])
    run = await calls.quick(
        lambda: calls.services.request_verify(
            backup_id=backup_id, deep=wanted.deep, storage=wanted.storage, requested_by=requested_by
        )
    )
    response.headers["location"] = f"/v1/runs/{run.run_id}"
    return RunDocument(run=RunView.model_validate(run))


@router.get("/v1/backups/{part:path}")
async def show_backup(part: PartInPath, calls: CallsHere, server: ServerFilter = None) -> BackupDetailDocument:
    """Show a backup with its manifest and copies, and what is said of it: pin, holds, proofs, accepts."""
    return await backup_detail(checked_part(part), server, calls)


async def backup_detail(part: str, server: str | None, calls: Calls) -> BackupDetailDocument:
    """Return a backup and what is said of it."""
    backup = await calls.quick(lambda: calls.services.find_backup(part, server))
    said = await calls.quick(lambda: calls.services.holdings(backup.backup_id))
    return BackupDetailDocument(backup=backup_document(backup).backup, holdings=HoldingsView.model_validate(said))


def backup_document(backup: Backup) -> BackupDocument:
    """Return a backup as it is listed, with its manifest and all about its copies."""
    return BackupDocument(
        backup=BackupView.model_validate(
            {**backup_summary(backup), "copies": backup.copies, "manifest": backup.manifest}
        )
    )
