"""``doctor``."""

from tests.fakes.services import FakeServices
from tests.fakes.terminal import FakeConnection, run_command


def test_doctor_tells_cause_fix_and_command_and_ends_with_1() -> None:
    code, screen = run_command(FakeConnection(FakeServices()), "doctor")

    assert code == 1
    assert "✗ grants  BACKUP_ADMIN is missing\n      cause: The login may not" in screen.shown
    assert "      fix: Grant it.\n      $ GRANT BACKUP_ADMIN ON *.* TO 'backup'@'%';\n" in screen.shown
    assert screen.shown.endswith("1 passed, 1 warning, 1 failed, 1 unknown\n")


def test_doctor_ends_with_0_when_nothing_failed() -> None:
    services = FakeServices()
    services.checks = services.checks[:1]

    assert run_command(FakeConnection(services), "doctor")[0] == 0
