"""What a client may wish to be restored."""

from pathlib import Path
from typing import Any

import pytest

from octeth_backupd.control.restore_requests import restore_request
from octeth_backupd.control.restore_schemas import RestoreWish
from octeth_backupd.control.services import RestoreRequest
from octeth_backupd.errors import InvalidRequestError, PermissionDeniedError
from tests.fakes.api_client import ADMIN, ROOT


def wish(**fields: Any) -> RestoreWish:
    return RestoreWish.model_validate(fields)


def test_every_wish_is_passed_on() -> None:
    fields: dict[str, Any] = {
        "backup": "latest",
        "server": "oempro",
        "before": "2026-11-22T00:00:00Z",
        "to": "/srv/elsewhere",
        "rehearse": False,
        "force": True,
        "force_foreign": True,
        "keep_server_uuid": True,
        "cancel_running": True,
        "old_password": "hunter2",
    }
    body = wish(**fields)

    order = restore_request(body, peer=ROOT)

    asked = {name: getattr(order, name) for name in RestoreRequest.__dataclass_fields__ if name != "file"}
    assert asked == {name: getattr(body, name) for name in fields}
    assert "hunter2" not in repr(order)


@pytest.mark.parametrize("fields", [{}, {"backup": "latest", "file": "/a.tar.zst"}, {"backup": ""}])
def test_exactly_one_of_backup_and_file_is_restored(fields: dict[str, str]) -> None:
    with pytest.raises(InvalidRequestError, match="exactly one"):
        restore_request(wish(**fields), peer=ROOT)


@pytest.mark.parametrize("fields", [{"backup": "2026"}, {"file": "/a.tar.zst"}])
def test_a_time_is_refused_where_it_would_not_be_looked_at(fields: dict[str, str]) -> None:
    with pytest.raises(InvalidRequestError, match="latest"):
        restore_request(wish(before="2026-11-22", **fields), peer=ROOT)


@pytest.mark.parametrize("fields", [{"file": "/a.tar.zst"}, {"backup": "latest", "to": "/srv/elsewhere"}])
def test_only_root_names_paths(fields: dict[str, str]) -> None:
    assert restore_request(wish(**fields), peer=ROOT).server is None
    with pytest.raises(PermissionDeniedError, match="only root"):
        restore_request(wish(**fields), peer=ADMIN)


@pytest.mark.parametrize("path", ["a.tar.zst", "../a", "/srv/../etc", "/a\x00b", "."])
def test_a_path_is_absolute_and_does_not_climb(path: str) -> None:
    with pytest.raises(InvalidRequestError, match="absolute"):
        restore_request(wish(file=path), peer=ROOT)
    with pytest.raises(InvalidRequestError, match="absolute"):
        restore_request(wish(backup="latest", to=path), peer=ROOT)


def test_what_cannot_be_an_id_is_refused() -> None:
    with pytest.raises(InvalidRequestError, match="not an id"):
        restore_request(wish(backup="../../etc/passwd"), peer=ROOT)


def test_a_file_is_taken_as_it_is_named() -> None:
    assert restore_request(wish(file="/mnt/usb/a b.tar.gz"), peer=ROOT).file == Path("/mnt/usb/a b.tar.gz")
