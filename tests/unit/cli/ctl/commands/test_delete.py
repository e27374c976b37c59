"""``delete``."""

import io
from typing import Any

import pytest

from octeth_backupd.cli.ctl.failure import CommandFailedError
from tests.fakes.services import FakeServices
from tests.fakes.terminal import FakeConnection, run_command


def asked(services: FakeServices) -> list[dict[str, Any]]:
    return [arguments for method, arguments in services.requests if method == "request_delete"]


class Terminal(io.StringIO):
    """Somebody who types a line."""

    def isatty(self) -> bool:
        return True


def test_backup_is_shown_and_deleted_after_the_servers_name_was_typed(monkeypatch: pytest.MonkeyPatch) -> None:
    services = FakeServices()
    services.performs = True
    monkeypatch.setattr("sys.stdin", Terminal("oempro\n"))

    code, screen = run_command(FakeConnection(services), "delete", "11-22")

    assert code == 0
    assert "local" in screen.shown
    assert "to delete backup oempro-2026-11-22_02-00-00: " in screen.said
    assert asked(services) == [
        {
            "backup_id": "oempro-2026-11-22_02-00-00",
            "confirm": "oempro",
            "force": False,
            "requested_by": "uid 0 (root)",
        }
    ]


def test_anything_else_that_is_typed_deletes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    services = FakeServices()
    monkeypatch.setattr("sys.stdin", Terminal("yes\n"))

    with pytest.raises(CommandFailedError, match="not confirmed") as caught:
        run_command(FakeConnection(services), "delete", "11-22")

    assert caught.value.exit_code == 3
    assert asked(services) == []


def test_without_a_terminal_yes_is_needed() -> None:
    services = FakeServices()

    with pytest.raises(CommandFailedError, match="nobody is there to confirm to delete backup") as caught:
        run_command(FakeConnection(services), "delete", "11-22", "--json")

    assert caught.value.exit_code == 2
    assert asked(services) == []


def test_yes_and_force_are_passed_on() -> None:
    services = FakeServices()

    run_command(FakeConnection(services), "delete", "11-22", "--yes", "--force", "--detach")

    assert (asked(services)[0]["confirm"], asked(services)[0]["force"]) == ("oempro", True)


def test_latest_is_no_id_here() -> None:
    services = FakeServices()

    with pytest.raises(CommandFailedError, match="not as latest") as caught:
        run_command(FakeConnection(services), "delete", "latest", "--yes", "--force")

    assert caught.value.exit_code == 2
    assert asked(services) == []
