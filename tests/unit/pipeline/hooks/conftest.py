"""Hooks in tests that run at the same time: what one run left is ended by its mark, which must be of one test."""

from __future__ import annotations

import uuid

import pytest

from tests.fakes import bench as benches


@pytest.fixture(autouse=True)
def own_installation(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give each test an installation of its own."""
    monkeypatch.setattr(benches, "INSTALLATION", uuid.uuid4().hex)
