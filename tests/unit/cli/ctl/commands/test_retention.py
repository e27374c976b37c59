"""``retention``."""

from dataclasses import replace
from typing import Any

import pytest

from octeth_backupd.cli.ctl.failure import CommandFailedError
from octeth_backupd.domain.backup import Run, RunStatus
from tests.fakes.services import FakeServices, make_retention
from tests.fakes.terminal import FakeConnection, run_command

HOLD = {
    "hold_id": 3,
    "reason": "only 20 %",
    "backup_id": "oempro-2026-11-22_02-00-00",
    "protected": ["a", "b"],
    "begun_at": "2026-11-22T02:10:00Z",
}


def services_with(**changes: object) -> FakeServices:
    services = FakeServices()
    services.retention = make_retention(**changes)
    return services


def shown(services: FakeServices, *argv: str) -> str:
    return " ".join(run_command(FakeConnection(services), "retention", *argv)[1].shown.split())


def test_plan_is_shown_with_all_reasons_and_deletes_nothing() -> None:
    services = services_with()

    text = shown(services)

    assert "7 days, 4 weeks, 6 months" in text
    assert "weeks from Sunday, months from day 1" in text
    assert "kept the newest good backup; stands for 2026-11-22" in text
    assert "expires stands for none of the 7 days" in text
    assert "1 of 2 copies expire, 1.0 GiB" in text
    assert [method for method, _ in services.requests] == ["retention_json"]


def test_what_waits_and_what_is_held_is_told() -> None:
    text = shown(services_with(waits_for="nothing expires: counts changed", holds=[HOLD]))

    assert "! nothing expires: counts changed" in text
    assert "! 2 backups are held since" in text
    assert "only 20 % (oempro-2026-11-22_02-00-00)" in text


def test_one_of_a_kind_is_told_as_one() -> None:
    policy: Any = make_retention()["policy"]
    one_each = {**policy, "counts": {"local": {"daily": 1, "weekly": 1, "monthly": 1}}}
    services = services_with(holds=[{**HOLD, "protected": ["a"]}], policy=one_each)

    text = shown(services)

    assert "1 day, 1 week, 1 month" in text
    assert "! 1 backup is held since" in text


def test_statistics_are_by_storage_and_tier() -> None:
    text = shown(services_with(), "--stats")

    assert "local daily 2 2.0 GiB" in text
    assert "copies expire" not in text


def test_apply_follows_the_run_of_each_server() -> None:
    services = services_with()
    services.performs = True

    code, screen = run_command(FakeConnection(services), "retention", "--apply", "--despite-hold", "--server", "oempro")

    assert code == 0
    assert "retention of oempro: success" in screen.shown
    assert services.requests[0] == (
        "request_retention",
        {"server": "oempro", "despite_hold": True, "requested_by": "uid 0 (root)"},
    )


def test_failure_of_one_server_is_not_hidden_by_a_degraded_other() -> None:
    class Two(FakeServices):
        outcomes = (RunStatus.DEGRADED, RunStatus.FAILED)

        def request_retention(self, **arguments: object) -> list[Run]:
            first = super().request_retention(**arguments)  # type: ignore[arg-type]
            return [*first, *super().request_retention(**arguments)]  # type: ignore[arg-type]

        def find_run(self, part: str) -> Run:
            run = super().find_run(part)
            number = int(run.run_id.removeprefix("run-")) - 2
            return replace(run, status=self.outcomes[number], detail={})

    code, _ = run_command(FakeConnection(Two()), "retention", "--apply")

    assert code == 1


def test_despite_hold_alone_is_refused_before_anything_is_asked() -> None:
    services = services_with()

    with pytest.raises(CommandFailedError, match="without --apply") as caught:
        run_command(FakeConnection(services), "retention", "--despite-hold")

    assert caught.value.exit_code == 2
    assert services.requests == []
