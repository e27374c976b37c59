"""``octeth-backupd check-config`` and ``serve`` as real processes, with real files, variables and credentials."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

GOOD = '[servers.oempro]\ncontainer = "oempro_mysql"\n[schedules]\ntimezone = "UTC"\n'
CANARY = "canary-7f3a"


def run(command: str, config: Path, environment: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "octeth_backupd.cli.daemon", command, "--config", str(config)],
        env={"PATH": os.environ["PATH"], **(environment or {})},
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "config.toml"
    path.write_text(GOOD)
    path.chmod(0o640)
    return path


def test_good_configuration_with_a_credential_exits_0(config: Path, tmp_path: Path) -> None:
    credentials = tmp_path / "credentials"
    credentials.mkdir()
    (credentials / "servers.oempro.password").write_text(CANARY)
    (credentials / "servers.oempro.password").chmod(0o400)

    result = run("check-config", config, {"CREDENTIALS_DIRECTORY": str(credentials)})

    assert (result.returncode, result.stderr) == (0, "")
    assert "oempro: container oempro_mysql" in result.stdout
    assert "every day; next" in result.stdout
    assert CANARY not in result.stdout


@pytest.mark.parametrize("command", ["check-config", "serve"])
def test_every_problem_of_file_and_environment_is_printed_with_exit_78(command: str, config: Path) -> None:
    config.write_text(
        f'[servers.oempro]\ncontainr = "x"\npassword = ["{CANARY}"]\n[retention]\ndaily = 0\n'
        '[schedules]\ntimezone = "UTC"\ndaily = "0 25 * * *"\n'
    )

    result = run(command, config, {"OCTETH_BACKUPD_LOCAL_DIRECTORY": "/x", "OCTETH_BACKUPD_LOCAL__KEEP": "perhaps"})

    assert result.returncode == 78
    for text in (
        "6 problems",
        "servers.oempro.containr: unknown key",
        "Did you mean container?",
        "servers.oempro.password: must be text in quotes",
        "retention.daily: must be at least 1",
        'schedules.daily: cron rule "0 25 * * *": hour "25" is not valid',
        "Did you mean OCTETH_BACKUPD_LOCAL__DIRECTORY?",
        "local.keep: must be true or false (environment variable OCTETH_BACKUPD_LOCAL__KEEP)",
    ):
        assert text in result.stderr
    assert CANARY not in result.stderr + result.stdout
    assert "Traceback" not in result.stderr


def test_missing_file_exits_78(tmp_path: Path) -> None:
    result = run("check-config", tmp_path / "absent.toml")

    assert result.returncode == 78
    assert "does not exist" in result.stderr


def test_syntax_error_exits_78_with_its_position(config: Path) -> None:
    config.write_text(GOOD + "[local]\ndirectory = /x\n")

    result = run("check-config", config)

    assert result.returncode == 78
    assert f"{config}:6:13" in result.stderr
