from __future__ import annotations

import json

import pytest

from octeth_backupd.settings.settings import Settings
from octeth_backupd.settings.view import settings_view, size_text


def view() -> dict[str, object]:
    servers = {"a": {"container": "x", "password": "canary"}, "b": {"container": "y"}}
    return settings_view(Settings.model_validate({"servers": servers, "schedules": {"timezone": "UTC"}}))


def test_secrets_are_masked_and_absent_ones_stay_empty() -> None:
    servers = view()["servers"]

    assert isinstance(servers, dict)
    assert servers["a"]["password"] == "********"
    assert servers["b"]["password"] == ""


def test_view_is_json_without_any_secret() -> None:
    text = json.dumps(view())

    assert "canary" not in text
    assert '"space_margin": "5 GiB"' in text
    assert '"mariadb-backup": {' in text


def test_view_is_a_configuration_again() -> None:
    shown = view()

    assert settings_view(Settings.model_validate(shown)) == shown


@pytest.mark.parametrize(
    ("size_bytes", "text"), [(0, "0 B"), (1000, "1000 B"), (1024, "1 KiB"), (5 * 1024**3, "5 GiB"), (1536, "1536 B")]
)
def test_size_is_shown_in_the_largest_exact_unit(size_bytes: int, text: str) -> None:
    assert size_text(size_bytes) == text
