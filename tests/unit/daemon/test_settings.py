from __future__ import annotations

from pathlib import Path

import pytest

from octeth_backupd.daemon.settings import DaemonSettings


def test_environment_is_not_read_by_the_model(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STATE_DIRECTORY", "/elsewhere")

    assert DaemonSettings().state_directory == Path("/var/lib/octeth-backupd")
