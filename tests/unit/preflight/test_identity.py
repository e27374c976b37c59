"""Files of another server are a failure before anything is copied."""

from __future__ import annotations

from octeth_backupd.domain.checks import CheckStatus
from octeth_backupd.errors import IdentityError
from tests.unit.preflight.builder import run, subject


def _other_server() -> str:
    raise IdentityError("auto.cnf says uuid a, the server b")


def test_files_of_another_server_fail() -> None:
    result = run("identity", subject(identity=_other_server))

    assert result.status is CheckStatus.FAILED
    assert result.summary == "auto.cnf says uuid a, the server b"
    assert "[servers.oempro]" in result.fix


def test_proof_is_told() -> None:
    assert run("identity", subject(identity=lambda: "same inode")).summary == "same inode"
