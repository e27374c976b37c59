"""tar must be there; pigz would be nice."""

from __future__ import annotations

from octeth_backupd.domain.checks import CheckStatus
from tests.unit.preflight.builder import run, subject


def test_missing_tar_fails_with_the_command_that_installs_it() -> None:
    result = run("tools", subject(find_program=lambda _name: None))

    assert result.status is CheckStatus.FAILED
    assert result.command == "apt-get install tar"


def test_missing_pigz_is_a_warning_for_gzip_only() -> None:
    def find_program(name: str) -> str | None:
        return None if name == "pigz" else f"/usr/bin/{name}"

    assert run("tools", subject(find_program=find_program, compression="gzip")).status is CheckStatus.WARNING
    assert run("tools", subject(find_program=find_program, compression="zstd")).status is CheckStatus.PASSED
