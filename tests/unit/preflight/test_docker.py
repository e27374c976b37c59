"""The Docker engine is needed where the server runs in it."""

from __future__ import annotations

from octeth_backupd.domain.checks import CheckStatus
from octeth_backupd.errors import DockerError
from octeth_backupd.servers.settings import ServerSettings
from tests.unit.preflight.builder import nothing_known, run, subject


def test_engine_that_does_not_answer_fails_with_its_own_hint() -> None:
    error = DockerError("no permission for /var/run/docker.sock", hint="Run the daemon as root.")

    result = run("docker", subject(**nothing_known("docker", error)))

    assert result.status is CheckStatus.FAILED
    assert (result.summary, result.fix) == (error.message, error.hint)


def test_server_outside_docker_does_not_need_it() -> None:
    result = run("docker", subject(settings=ServerSettings(systemd_unit="mysql.service")))

    assert result.status is CheckStatus.PASSED
    assert "not needed" in result.summary
