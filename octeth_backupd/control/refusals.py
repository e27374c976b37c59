"""Errors as clients see them: one JSON shape and one HTTP status for each kind of error."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from octeth_backupd import errors

if TYPE_CHECKING:
    from octeth_backupd.errors import BackupdError

_STATUSES: tuple[tuple[type[BackupdError], int], ...] = (
    (errors.NotFoundError, 404),
    (errors.AmbiguousIdError, 409),
    (errors.PermissionDeniedError, 403),
    (errors.InvalidRequestError, 400),
    (errors.BusyError, 409),
    (errors.CancelledError, 409),
    (errors.ConfigurationError, 422),
    (errors.PreflightError, 422),
    (errors.RestoreRefusedError, 422),
    (errors.SpaceError, 507),
    (errors.ServerError, 502),
    (errors.DockerError, 502),
)


class RequestTooLargeError(errors.InvalidRequestError):
    """A body above the limit."""


def internal_error_body() -> bytes:
    """Return what a client learns of an error that nobody expected."""
    return error_body("internal_error", "the daemon failed to answer", "Look at: journalctl -u octeth-backupd")


def status_of(error: BackupdError) -> int:
    """Return the HTTP status of an error; 503 where trying again may help, else 500, when its kind has none."""
    if isinstance(error, RequestTooLargeError):
        return 413
    for kind, status in _STATUSES:
        if isinstance(error, kind):
            return status
    return 503 if error.retryable else 500


def error_body(code: str, message: str, hint: str = "") -> bytes:
    """Return the JSON document of an error."""
    document = {"schema_version": 1, "error": {"code": code, "message": message, "hint": hint}}
    return json.dumps(document, ensure_ascii=False).encode()


def body_of(error: BackupdError) -> bytes:
    """Return the JSON document of one of our errors."""
    return error_body(error.code, error.message, error.hint)
