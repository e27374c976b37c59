"""A container that is absent, stopped, paused or restarting is told apart, each with its command."""

from __future__ import annotations

from typing import Any

import pytest

from octeth_backupd.domain.checks import CheckStatus
from octeth_backupd.errors import ServerUnreachableError
from octeth_backupd.servers.settings import ServerSettings
from tests.unit.preflight.builder import container_facts, location, nothing_known, run, subject, survey


@pytest.mark.parametrize(
    ("changes", "expected", "command"),
    [
        ({"status": "paused", "paused": True}, "is paused", "docker unpause oempro_mysql"),
        ({"status": "restarting", "restarting": True}, "restarting again", "docker logs --tail 50 oempro_mysql"),
        ({"status": "exited"}, "is exited, not running", "docker start oempro_mysql"),
        ({"status": "created"}, "is created, not running", "docker start oempro_mysql"),
        ({"status": ""}, "unknown state", "docker start oempro_mysql"),
    ],
)
def test_container_that_does_not_run_fails(changes: dict[str, Any], expected: str, command: str) -> None:
    found = location(container_facts(**changes))

    result = run("container", subject(survey=survey(location=found, facts=None, paths=None)))

    assert result.status is CheckStatus.FAILED
    assert expected in result.summary
    assert result.command == command


def test_absent_container_fails_with_the_name() -> None:
    error = ServerUnreachableError("there is no container oempro_mysql")

    result = run("container", subject(**nothing_known("container", error)))

    assert result.status is CheckStatus.FAILED
    assert result.summary == error.message
    assert "[servers.oempro] container" in result.fix


def test_server_outside_docker_needs_no_container() -> None:
    examined = subject(settings=ServerSettings(address="db.example"), survey=survey(location=None))

    assert run("container", examined).status is CheckStatus.PASSED
