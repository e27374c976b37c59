"""``notify``."""

from __future__ import annotations

import json

import pytest

from octeth_backupd.cli.ctl.failure import CommandFailedError
from octeth_backupd.control.notifier_services import NotifierStatus, NotifierTest
from tests.fakes.services import FakeServices
from tests.fakes.terminal import FakeConnection, run_command

ARRIVED = NotifierTest(name="mail", kind="email", endpoint="smtp.example.com:587", duration_seconds=1.4)
FAILED = NotifierTest(
    name="chat", kind="webhook", endpoint="https://h.example.com", duration_seconds=1, error="answers 404", hint="Look."
)
OK = NotifierStatus(name="mail", kind="email", endpoint="smtp.example.com:587", on=("failure",), state="ok")
UNUSED = NotifierStatus(name="chat", kind="webhook", endpoint="https://h.example.com", on=("hold",), state="unused")


def services(*tests: NotifierTest) -> FakeServices:
    found = FakeServices()
    found.notifier_tests = list(tests)
    found.notifier_states = (OK, UNUSED)
    return found


def test_a_test_that_arrives_is_shown_and_ends_with_0() -> None:
    code, screen = run_command(FakeConnection(services(ARRIVED)), "notify", "test")

    assert code == 0
    assert "mail (email, smtp.example.com:587): sent in 1 s" in screen.shown


def test_a_test_that_does_not_arrive_is_shown_with_what_to_do_and_ends_with_1() -> None:
    code, screen = run_command(FakeConnection(services(ARRIVED, FAILED)), "notify", "test")

    assert code == 1
    assert "chat (webhook, https://h.example.com): answers 404\n    Look.\n" in screen.shown


def test_one_notifier_may_be_tried_alone() -> None:
    one = services(ARRIVED, FAILED)

    code, screen = run_command(FakeConnection(one), "notify", "test", "mail")

    assert code == 0
    assert "chat" not in screen.shown


def test_list_shows_every_notifier_or_one() -> None:
    _, every = run_command(FakeConnection(services()), "notify", "list")
    _, one = run_command(FakeConnection(services()), "notify", "list", "chat")

    assert "mail (email, smtp.example.com:587): gets through" in every.shown
    assert "tells of  hold" in one.shown
    assert "mail" not in one.shown


def test_without_notifiers_list_says_that_nobody_is_told() -> None:
    code, screen = run_command(FakeConnection(FakeServices()), "notify", "list")

    assert code == 0
    assert "nobody is told of anything" in screen.shown


@pytest.mark.parametrize("action", ["list", "test"])
def test_a_notifier_that_is_not_there_ends_with_4(action: str) -> None:
    with pytest.raises(CommandFailedError) as caught:
        run_command(FakeConnection(services()), "notify", action, "other")

    assert caught.value.exit_code == 4


def test_json_is_the_daemons_document() -> None:
    _, tested = run_command(FakeConnection(services(FAILED)), "notify", "test", "--json")
    _, listed = run_command(FakeConnection(services()), "notify", "list", "chat", "--json")

    assert json.loads(tested.shown)["tests"][0]["hint"] == "Look."
    assert [one["name"] for one in json.loads(listed.shown)["notifiers"]] == ["chat"]
