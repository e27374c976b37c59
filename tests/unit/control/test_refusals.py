"""Errors as JSON and HTTP status."""

import json

import pytest

from octeth_backupd import errors
from octeth_backupd.control.refusals import RequestTooLargeError, body_of, status_of


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (errors.NotFoundError("x"), 404),
        (errors.AmbiguousIdError("x"), 409),
        (errors.PermissionDeniedError("x"), 403),
        (errors.InvalidRequestError("x"), 400),
        (RequestTooLargeError("x"), 413),
        (errors.BusyError("x"), 409),
        (errors.ConfigurationError("x"), 422),
        (errors.LoginRefusedError("x"), 502),
        (errors.DockerError("x"), 502),
        (errors.RestoreRefusedError("x"), 422),
        (errors.RestoreError("x"), 500),
        (errors.SpaceError("x"), 507),
        (errors.CatalogError("x"), 500),
        (errors.CatalogError("x", retryable=True), 503),
        (errors.BackupdError("x"), 500),
    ],
)
def test_each_kind_of_error_has_its_status(error: errors.BackupdError, status: int) -> None:
    assert status_of(error) == status


def test_an_error_is_told_with_code_message_and_hint() -> None:
    body = json.loads(body_of(errors.BusyError("run 1 holds it", hint="Wait — or use --wait.")))

    assert body == {
        "schema_version": 1,
        "error": {"code": "busy", "message": "run 1 holds it", "hint": "Wait — or use --wait."},
    }
