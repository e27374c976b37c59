"""Fixtures shared by integration tests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.environment.sql_server import SqlServer


class WritePassword(Protocol):
    """Writes a server's root password where a daemon may read it."""

    def __call__(self, server: SqlServer) -> Path:
        """Return the file's path."""


@pytest.fixture
def password_file(tmp_path: Path) -> WritePassword:
    def write(server: SqlServer) -> Path:
        path = tmp_path / "root.password"
        path.write_text(server.login().password + "\n")
        path.chmod(0o600)
        return path

    return write
