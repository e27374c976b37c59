"""The control interface as an ASGI application: routes, and errors in one shape."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from octeth_backupd import __version__
from octeth_backupd.control.calls import Calls
from octeth_backupd.control.guard import Guard
from octeth_backupd.control.refusals import body_of, error_body, internal_error_body, status_of
from octeth_backupd.control.routes import (
    backups,
    installation,
    monitoring,
    notifiers,
    restores,
    retention,
    runs,
    schedules,
    sync,
)
from octeth_backupd.control.schemas import ErrorDocument
from octeth_backupd.errors import BackupdError

if TYPE_CHECKING:
    from octeth_backupd.control.access import Access
    from octeth_backupd.control.limits import Limits
    from octeth_backupd.control.services import Services


def build_api(services: Services, *, limits: Limits) -> FastAPI:
    """Return the routes over the daemon's services; without authorisation, which ``guarded`` adds."""
    api = FastAPI(
        title="octeth-backupd",
        version=__version__,
        summary="Control interface of octeth-backupd, on its Unix socket.",
        openapi_url="/v1/openapi.json",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        responses={"4XX": {"model": ErrorDocument}, "5XX": {"model": ErrorDocument}},
    )
    api.state.calls = Calls(services, limits)
    for module in (installation, monitoring, backups, notifiers, retention, restores, runs, schedules, sync):
        api.include_router(module.router)
    api.exception_handler(BackupdError)(_backupd_error)
    api.exception_handler(RequestValidationError)(_validation_error)
    api.exception_handler(HTTPException)(_http_error)
    api.exception_handler(Exception)(_unexpected_error)
    return api


def guarded(api: FastAPI, *, access: Access, limits: Limits) -> Guard:
    """Put the gate in front of the routes."""
    return Guard(api, access=access, limits=limits)


async def _backupd_error(_request: Request, error: BackupdError) -> Response:
    return _answer(status_of(error), body_of(error))


async def _validation_error(_request: Request, error: RequestValidationError) -> Response:
    return _answer(400, error_body("invalid_request", "; ".join(_problem(one) for one in error.errors()), ""))


async def _http_error(_request: Request, error: HTTPException) -> Response:
    match error.status_code:
        case 404:
            body = error_body("not_found", "there is nothing at this path", "GET /v1/openapi.json lists the paths.")
        case 405:
            body = error_body("invalid_request", "this path does not take that method", "")
        case _:
            body = error_body("invalid_request", str(error.detail), "")
    return _answer(error.status_code, body)


async def _unexpected_error(_request: Request, _error: Exception) -> Response:
    """Answer for an error that comes through to the gate all the same, which logs it."""
    return _answer(500, internal_error_body())


def _problem(error: dict[str, Any]) -> str:
    """Return one validation problem in words, without the value: it may be long or secret."""
    where = ".".join(str(part) for part in error["loc"])
    return f"{where}: {error['msg']}"


def _answer(status: int, body: bytes) -> Response:
    return Response(body, status_code=status, media_type="application/json")
