"""Restores: plan, begin, undo, and what is left of earlier ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Body, Path, Request, Response

from octeth_backupd.control.calls import CallsHere
from octeth_backupd.control.confirmation import check_confirmation
from octeth_backupd.control.identifiers import ServerFilter
from octeth_backupd.control.protocol import PEER_KEY
from octeth_backupd.control.restore_documents import plan_document, restore_view
from octeth_backupd.control.restore_requests import restore_request
from octeth_backupd.control.restore_schemas import (
    Confirmation,
    ConfirmedRestoreWish,
    RestorePlanDocument,
    RestoresDocument,
    RestoreWish,
)
from octeth_backupd.control.schemas import RunDocument, RunView
from octeth_backupd.errors import InvalidRequestError

if TYPE_CHECKING:
    from octeth_backupd.control.peers import Peer

router = APIRouter()


@router.get("/v1/restores")
async def restores(calls: CallsHere, server: ServerFilter = None) -> RestoresDocument:
    """Show restores that are not finished, and those whose safety copy is still there, newest first."""
    found = await calls.quick(lambda: [restore_view(journal) for journal in calls.services.restores(server=server)])
    return RestoresDocument(restores=found)


@router.post("/v1/restores/plan")
async def plan(request: Request, calls: CallsHere, wish: Annotated[RestoreWish, Body()]) -> RestorePlanDocument:
    """Say what a restore would do, and what stands in its way; touches nothing. May take a minute."""
    peer: Peer = request.scope[PEER_KEY]
    order = restore_request(wish, peer=peer)
    found = await calls.slow(lambda: calls.services.plan_restore(order, requested_by=str(peer)))
    return plan_document(found)


@router.post("/v1/restores", status_code=202)
async def restore(
    request: Request, response: Response, calls: CallsHere, wish: Annotated[ConfirmedRestoreWish, Body()]
) -> RunDocument:
    """Begin a restore and answer at once with its run.

    ``confirm`` is the name of the server whose data is replaced; not needed with ``to``.
    """
    peer: Peer = request.scope[PEER_KEY]
    order = restore_request(wish, peer=peer)
    if order.to is None and not wish.confirm:
        raise InvalidRequestError(
            "the server's data would be replaced, and that was not confirmed",
            hint="Send the server's name as confirm. Nothing was touched.",
        )
    run = await calls.quick(lambda: calls.services.request_restore(order, confirm=wish.confirm, requested_by=str(peer)))
    response.headers["location"] = f"/v1/runs/{run.run_id}"
    return RunDocument(run=RunView.model_validate(run))


@router.post("/v1/servers/{name}/undo", status_code=202)
async def undo(
    name: Annotated[str, Path(description="The server's name, whole.")],
    request: Request,
    response: Response,
    calls: CallsHere,
    confirmation: Annotated[Confirmation | None, Body()] = None,
) -> RunDocument:
    """Begin to take a server's newest restore back and answer at once with the run.

    ``confirm`` is the server's name once more.
    """
    confirm = "" if confirmation is None else confirmation.confirm
    check_confirmation(confirm, server=name)
    requested_by = str(request.scope[PEER_KEY])
    run = await calls.quick(
        lambda: calls.services.request_undo(server=name, confirm=confirm, requested_by=requested_by)
    )
    response.headers["location"] = f"/v1/runs/{run.run_id}"
    return RunDocument(run=RunView.model_validate(run))
