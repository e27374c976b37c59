"""Hello, status, checks and settings."""

import pytest

from octeth_backupd import __version__
from octeth_backupd.domain.checks import CheckResult, CheckStatus
from tests.fakes.api_client import READER, ask
from tests.fakes.services import GIB, FakeServices


def test_hello_names_product_version_and_interface() -> None:
    assert ask(FakeServices(), "GET", "/v1/", peer=READER).json() == {
        "schema_version": 1,
        "product": "octeth-backupd",
        "api": 1,
        "version": __version__,
    }


def test_status_tells_of_the_daemon_and_each_server() -> None:
    services = FakeServices()
    services.configuration_error = "servers.oempro: bad"
    services.warnings = ("the disk fills",)

    status = ask(services, "GET", "/v1/status").json()

    assert status["schema_version"] == 1
    assert (status["state"], status["pid"], status["scheduler_alive"]) == ("running", 4242, True)
    assert status["config_path"] == "/etc/octeth-backupd/config.toml"
    assert (status["configuration_error"], status["warnings"]) == ("servers.oempro: bad", ["the disk fills"])
    server = status["servers"][0]
    assert (server["name"], server["placement"], server["active_run"]) == ("oempro", "container", None)
    assert server["last_good_backup"] == {
        "id": "oempro-2026-11-22_02-00-00",
        "taken_at": "2026-11-22T02:00:00Z",
        "age_seconds": 3600.0,
        "size_bytes": GIB,
        "proof": "L2",
        "storages": ["local"],
    }
    assert server["last_run"]["id"] == "run-1"


def test_a_server_without_backups_says_so() -> None:
    status = ask(FakeServices(backups=[], runs=[]), "GET", "/v1/status").json()

    assert status["servers"][0]["last_good_backup"] is None
    assert status["servers"][0]["last_run"] is None


@pytest.mark.parametrize(
    ("statuses", "passed"),
    [
        ([CheckStatus.PASSED, CheckStatus.WARNING], True),
        ([CheckStatus.PASSED, CheckStatus.FAILED], False),
        ([CheckStatus.PASSED, CheckStatus.UNKNOWN], False),
    ],
)
def test_checks_pass_together_only_when_none_failed_and_none_is_unknown(
    statuses: list[CheckStatus], *, passed: bool
) -> None:
    services = FakeServices()
    services.checks = [CheckResult(name=f"check-{n}", status=one, summary="x") for n, one in enumerate(statuses)]

    assert ask(services, "GET", "/v1/doctor").json()["passed"] is passed


def test_a_check_is_told_with_cause_fix_and_command_and_may_be_of_one_server() -> None:
    services = FakeServices()

    checks = ask(services, "GET", "/v1/doctor?server=oempro").json()["checks"]

    assert checks[1] == {
        "name": "grants",
        "server": "oempro",
        "status": "failed",
        "summary": "BACKUP_ADMIN is missing",
        "cause": "The login may not lock instances for backup.",
        "fix": "Grant it.",
        "command": "GRANT BACKUP_ADMIN ON *.* TO 'backup'@'%';",
    }
    assert services.requests == [("doctor", {"server": "oempro"})]


def test_settings_are_passed_on_as_the_daemon_masks_them() -> None:
    services = FakeServices()

    assert ask(services, "GET", "/v1/config").json()["settings"] == services.settings
