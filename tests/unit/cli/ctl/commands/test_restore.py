"""``restore``."""

import io
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from octeth_backupd.cli.ctl.failure import CommandFailedError
from octeth_backupd.control.services import RestoreRequest
from octeth_backupd.domain.backup import RunStatus
from octeth_backupd.domain.restore.plan import Refusal
from tests.fakes.restores import FOREIGN, make_plan
from tests.fakes.services import FakeServices
from tests.fakes.terminal import FakeConnection, MemoryScreen, run_command


def run(services: FakeServices, *argv: str) -> tuple[int, MemoryScreen]:
    return run_command(FakeConnection(services), "restore", *argv)


def orders(services: FakeServices, method: str) -> list[RestoreRequest]:
    return [asked["order"] for name, asked in services.requests if name == method]


def test_a_dry_run_shows_the_plan_and_asks_for_nothing() -> None:
    services = FakeServices()

    code, screen = run(services, "latest", "--dry-run")

    assert code == 0
    assert "This can be done" in screen.shown
    assert [method for method, _ in services.requests if method.startswith("request")] == []


def test_a_dry_run_that_is_refused_ends_with_1() -> None:
    services = FakeServices()
    services.plan = make_plan(refusals=(FOREIGN,))

    code, screen = run(services, "latest", "--dry-run")

    assert code == 1
    assert "--force-foreign" in screen.shown


def test_what_is_refused_is_not_even_asked_for() -> None:
    services = FakeServices()
    services.plan = make_plan(refusals=(FOREIGN,))

    with pytest.raises(CommandFailedError, match="foreign_data") as caught:
        run(services, "latest", "--yes")

    assert (caught.value.exit_code, caught.value.code) == (1, "restore_refused")
    assert orders(services, "request_restore") == []


def test_a_restore_that_another_one_stands_in_the_way_of_ends_as_busy() -> None:
    services = FakeServices()
    services.plan = make_plan(
        refusals=(Refusal(code="unresolved_restore", message="restore 20261122-020000-abc of this server is not over"),)
    )

    with pytest.raises(CommandFailedError, match="unresolved_restore") as caught:
        run(services, "latest", "--yes")

    assert (caught.value.exit_code, caught.value.code) == (75, "busy")


def test_a_confirmed_restore_is_followed_to_its_end_and_the_way_back_is_told() -> None:
    services = FakeServices()
    services.performs = True

    code, screen = run(services, "latest", "--yes")

    assert code == 0
    assert screen.shown.index("Restore oempro") < screen.shown.index("restore of oempro: success")
    assert "octeth-backupctl undo --server oempro" in screen.said
    [confirm] = [asked["confirm"] for method, asked in services.requests if method == "request_restore"]
    assert confirm == "oempro"


def test_a_restore_that_failed_names_no_way_back() -> None:
    services = FakeServices()
    services.performs = True
    services.outcome = RunStatus.FAILED

    code, screen = run(services, "latest", "--yes")

    assert code == 1
    assert "undo" not in screen.said


def test_without_a_terminal_and_without_yes_nothing_is_begun(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("oempro\n"))
    services = FakeServices()

    with pytest.raises(CommandFailedError) as caught:
        run(services, "latest")

    assert "--yes" in caught.value.hint
    assert orders(services, "request_restore") == []


def test_the_backup_that_was_shown_is_restored_although_latest_may_be_another_by_now() -> None:
    services = FakeServices()

    run(services, "latest", "--before", "2026-11-23", "--yes", "--detach")

    [planned], [begun] = orders(services, "plan_restore"), orders(services, "request_restore")
    assert (planned.backup, planned.before) == ("latest", datetime(2026, 11, 23, tzinfo=UTC))
    assert (begun.backup, begun.before) == ("oempro-2026-11-22_02-00-00", None)


def test_every_option_reaches_the_daemon(tmp_path: Path) -> None:
    password = tmp_path / "old"
    password.write_text("hunter2\n")
    services = FakeServices()

    run(
        services,
        *("02-00-00", "--server", "oempro", "--no-rehearsal", "--force", "--force-foreign", "--keep-server-uuid"),
        *("--cancel-running", "--old-password-file", str(password), "--yes", "--detach"),
    )

    [order] = orders(services, "request_restore")
    assert order.old_password is not None
    assert order.old_password.get_secret_value() == "hunter2"
    assert (order.server, order.rehearse, order.file, order.to) == ("oempro", False, None, None)
    assert order.force
    assert order.force_foreign
    assert order.keep_server_uuid
    assert order.cancel_running


def test_paths_are_made_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    services = FakeServices()
    services.plan = make_plan(backup_id="")

    run(services, "--file", "../archive.tar.gz", "--to", "here", "--detach")

    [order] = orders(services, "request_restore")
    assert order.file == tmp_path.resolve().parent / "archive.tar.gz"
    assert order.to == tmp_path.resolve() / "here"


def test_another_directory_needs_no_confirmation_and_names_no_way_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO())
    services = FakeServices()
    services.performs = True

    code, screen = run(services, "latest", "--to", "/srv/elsewhere")

    assert code == 0
    assert screen.said == ""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-22", datetime(2026, 11, 22, tzinfo=UTC)),
        ("2026-11-22 02:30", datetime(2026, 11, 22, 2, 30, tzinfo=UTC)),
        ("2026-11-22T02:30Z", datetime(2026, 11, 22, 2, 30, tzinfo=UTC)),
        ("2026-11-22T02:30+03:00", datetime(2026, 11, 21, 23, 30, tzinfo=UTC)),
    ],
)
def test_a_time_without_a_zone_is_utc(text: str, expected: datetime) -> None:
    services = FakeServices()

    run(services, "latest", "--before", text, "--dry-run")

    assert orders(services, "plan_restore")[0].before == expected


def test_a_time_that_is_none_ends_with_2(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        run(FakeServices(), "latest", "--before", "yesterday")

    assert caught.value.code == 2
    assert "ISO 8601" in capsys.readouterr().err


@pytest.mark.parametrize("content", [None, b"", b"\n", b"two\nlines\n", b"\xff\xfe"])
def test_a_password_file_that_cannot_be_used_is_told_before_anything_is_asked(
    content: bytes | None, tmp_path: Path
) -> None:
    path = tmp_path / "old"
    if content is not None:
        path.write_bytes(content)
    services = FakeServices()

    with pytest.raises(CommandFailedError, match="password file") as caught:
        run(services, "latest", "--old-password-file", str(path))

    assert caught.value.exit_code == 2
    assert services.requests == []


def documents(screen: MemoryScreen) -> list[dict[str, Any]]:
    return [json.loads(line) for line in screen.shown.splitlines()]


def test_json_of_a_dry_run_is_the_plans_document() -> None:
    _, screen = run(FakeServices(), "latest", "--dry-run", "--json")

    document = json.loads(screen.shown)
    assert (document["schema_version"], document["plan"]["server"]) == (1, "oempro")


def test_json_of_a_restore_is_the_plan_and_then_what_happens_one_object_a_line() -> None:
    services = FakeServices()
    services.performs = True

    _, followed = run(services, "latest", "--yes", "--json")
    _, detached = run(services, "latest", "--yes", "--json", "--detach")

    assert [one["type"] for one in documents(followed)][:2] == ["plan", "run"]
    assert documents(followed)[-1]["type"] == "run_finished"
    [plan, accepted] = documents(detached)
    assert (plan["type"], accepted["run"]["operation"]) == ("plan", "restore")
