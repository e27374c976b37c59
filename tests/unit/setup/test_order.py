"""Flags that fit together."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from octeth_backupd.domain.server import Placement
from octeth_backupd.errors import InvalidRequestError
from octeth_backupd.setup.order import SetupOrder

CONFIG = Path("/etc/octeth-backupd/config.toml")


@pytest.mark.parametrize(
    "flags",
    [
        {},
        {"create_user": True, "admin_password_file": "-"},
        {"add": True, "server": "two"},
        {"import_directory": Path("/opt/tool"), "start": True},
    ],
)
def test_usual_orders_make_sense(flags: dict[str, Any]) -> None:
    order = SetupOrder(**{"config": CONFIG, **flags})

    order.require_sense()

    assert order.config == CONFIG


@pytest.mark.parametrize(
    "flags",
    [
        {"password_file": "-", "admin_password_file": "-"},
        {"create_user": True, "password_file": "/p"},
        {"import_directory": Path("/t"), "create_user": True},
        {"import_directory": Path("/t"), "target": (Placement.CONTAINER, "db")},
        {"add": True, "force": True},
        {"add": True, "directory": Path("/b")},
        {"add": True, "sidecar_image": "x"},
        {"directory": Path("relative")},
    ],
)
def test_flags_that_exclude_each_other_are_refused(flags: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        SetupOrder(**{"config": CONFIG, **flags}).require_sense()

    assert caught.value.hint
