"""What runs are made of under a configuration."""

from __future__ import annotations

from pathlib import Path

from octeth_backupd.assembly import build_notifiers, build_parts
from octeth_backupd.catalog.store import Catalog
from octeth_backupd.settings.settings import Settings
from tests.fakes.clock import FakeClock


def test_parts_follow_the_settings_and_nothing_is_connected_to(tmp_path: Path) -> None:
    settings = Settings.model_validate(
        {
            "servers": {"oempro": {"address": "192.0.2.1", "password": "secret"}},
            "docker": {"host": "unix:///nonexistent.sock"},
            "local": {"directory": str(tmp_path / "backups")},
            "s3": {"bucket": "b", "access_key_id": "a", "secret_access_key": "hidden"},
            "schedules": {"timezone": "UTC", "retention": ""},
            "retention": {"daily": 3},
        }
    )
    catalog = Catalog.open(tmp_path / "catalog.sqlite", clock=FakeClock())

    parts = build_parts(settings, catalog)
    catalog.close()

    assert list(parts.servers) == ["oempro"]
    assert [storage.name for storage in parts.storages] == ["local", "s3"]
    assert parts.workspace_directory == tmp_path / "backups" / ".workspace"
    assert parts.retention.counts["local"].daily == 3
    assert parts.retention_rule is None
    assert parts.secrets == ("secret", "hidden")
    assert not (tmp_path / "backups").exists()


def test_notifiers_follow_the_settings_and_show_nothing_secret() -> None:
    settings = Settings.model_validate(
        {
            "servers": {"oempro": {"address": "192.0.2.1"}},
            "schedules": {"timezone": "UTC"},
            "notify": {"ping": {"kind": "healthchecks", "url": "https://hc.example.com/canary-0123456789"}},
        }
    )

    notifiers = build_notifiers(settings)

    assert [(name, one.kind, one.endpoint) for name, one in notifiers.items()] == [
        ("ping", "healthchecks", "https://hc.example.com")
    ]
    assert "canary" not in repr(notifiers)
