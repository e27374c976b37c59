"""Notifiers over the control interface."""

from __future__ import annotations

from octeth_backupd.control.notifier_services import NotifierStatus, NotifierTest
from tests.fakes.api_client import ADMIN, READER, ask
from tests.fakes.services import NOW, FakeServices

STATUS = NotifierStatus(
    name="mail",
    kind="email",
    endpoint="smtp.example.com:587",
    on=("failure",),
    state="failing",
    waiting=2,
    waiting_since=NOW,
    next_try_at=NOW,
    last_error="refused",
    last_failed_at=NOW,
)
ARRIVED = NotifierTest(name="mail", kind="email", endpoint="smtp.example.com:587", duration_seconds=0.5)
FAILED = NotifierTest(name="chat", kind="apprise", endpoint="slack://", duration_seconds=1.0, error="refused")


def test_how_notifiers_stand_may_be_read() -> None:
    services = FakeServices()
    services.notifier_states = (STATUS,)

    listed = ask(services, "GET", "/v1/notifiers", peer=READER).json()
    status = ask(services, "GET", "/v1/status", peer=READER).json()

    [notifier] = listed["notifiers"]
    assert (notifier["name"], notifier["waiting_since"], notifier["last_sent_at"]) == (
        "mail",
        "2026-11-22T02:00:00Z",
        None,
    )
    assert status["notifiers"] == listed["notifiers"]


def test_a_test_names_one_notifier_or_all_and_says_whether_all_arrived() -> None:
    services = FakeServices()
    services.notifier_tests = [ARRIVED, FAILED]

    every = ask(services, "POST", "/v1/notifiers/test", peer=ADMIN).json()
    one = ask(services, "POST", "/v1/notifiers/test", json={"name": "mail"}, peer=ADMIN).json()

    assert (every["passed"], [test["error"] for test in every["tests"]]) == (False, ["", "refused"])
    assert (one["passed"], len(one["tests"])) == (True, 1)
    assert [wish["name"] for _, wish in services.requests] == [None, "mail"]


def test_a_reader_may_not_send_anything() -> None:
    services = FakeServices()

    assert ask(services, "POST", "/v1/notifiers/test", peer=READER).status_code == 403
    assert services.requests == []


def test_a_notifier_that_is_not_there_is_not_found() -> None:
    assert ask(FakeServices(), "POST", "/v1/notifiers/test", json={"name": "x"}).status_code == 404
