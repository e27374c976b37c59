"""What is asked of a server around its stop and start."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from pydantic import SecretStr

from octeth_backupd.errors import LoginRefusedError, RestoreError, ServerStillRunningError, ServerUnreachableError
from octeth_backupd.pipeline.restore import live_server as live_server_module
from octeth_backupd.pipeline.restore.live_server import LiveServer
from octeth_backupd.pipeline.restore.login import Login
from octeth_backupd.servers.survey import Survey
from tests.fakes.power import FakePower

if TYPE_CHECKING:
    from pathlib import Path

    from tests.fakes.bench import Bench
    from tests.fakes.server import FakeServer


class Asked:
    """A server whose readiness is said here."""

    def __init__(self, bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
        self.bench = bench
        self.power = FakePower(clock=bench.clock)
        self.answers: list[bool] = []
        self.put_back: list[str] = []
        self.live = LiveServer(
            context=bench.context(), parts=bench.parts(), server=bench.server, power=self.power, logins=()
        )
        monkeypatch.setattr(live_server_module, "wait_until_ready", self._ready)
        monkeypatch.setattr(
            live_server_module, "restore_dirty_pages", lambda _session, value: self.put_back.append(value)
        )
        monkeypatch.setattr("octeth_backupd.pipeline.restore.live_server.time.sleep", lambda _seconds: None)

    def _ready(self, *_: object, **__: object) -> None:
        if self.answers and not self.answers.pop(0):
            raise RestoreError("it does not answer")


@pytest.fixture
def asked(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> Asked:
    """A running server."""
    return Asked(bench, monkeypatch)


def test_a_server_that_still_answers_gets_its_setting_back_and_is_not_started(asked: Asked) -> None:
    asked.answers = [False, True]

    asked.live.bring_back(dirty_pages_allowed="90/10")

    assert asked.put_back == ["90/10"]
    assert asked.power.calls == []


def test_one_that_stops_late_is_started_and_keeps_its_own_setting(
    asked: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked.answers = [False]
    monkeypatch.setattr(
        "octeth_backupd.pipeline.restore.live_server.time.sleep",
        lambda _seconds: setattr(asked.power, "running", False),
    )

    asked.live.bring_back(dirty_pages_allowed="90/10")

    assert asked.power.calls == ["start"]
    assert asked.put_back == []


def test_a_stopped_server_is_required(asked: Asked, tmp_path: Path) -> None:
    with pytest.raises(ServerStillRunningError, match="oempro runs although"):
        asked.live.require_stopped(tmp_path)

    asked.live.stop()
    asked.live.require_stopped(tmp_path)
    assert asked.power.calls == ["stop"]


def test_another_server_on_the_same_directory_is_seen(
    asked: Asked, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked.live.stop()
    locked = {tmp_path / "ibdata1"}
    monkeypatch.setattr("octeth_backupd.pipeline.restore.live_server.is_locked", locked.__contains__)

    with pytest.raises(ServerStillRunningError, match="another process holds"):
        asked.live.require_stopped(tmp_path)


def test_other_users_of_its_directories_are_named(asked: Asked, tmp_path: Path) -> None:
    asked.power.neighbours = ("clone",)

    with pytest.raises(RestoreError, match="clone"):
        asked.live.refuse_other_users([tmp_path])


def test_its_new_identity_is_recorded(asked: Asked) -> None:
    assert asked.live.record_identity() == ""

    [(identity, _, _)] = asked.bench.catalog.server_identities("oempro")
    assert asked.bench.server.surveyed.facts is not None
    assert identity == asked.bench.server.surveyed.facts.identity


def test_the_old_password_is_tried_where_the_configured_one_is_refused(
    asked: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = asked.bench.server.surveyed
    tried: list[str] = []

    def as_login(user: str, password: SecretStr) -> FakeServer:
        tried.append(f"{user} {password.get_secret_value()}")
        asked.bench.server.surveyed = known
        return asked.bench.server

    asked.bench.server.surveyed = Survey(error=LoginRefusedError("refused"), error_stage="login")
    monkeypatch.setattr(asked.bench.server, "as_login", as_login)
    old = Login(source="old", user="root", password=SecretStr("then"))

    assert replace(asked.live, logins=(old,)).record_identity() == ""
    assert tried == ["root then"]


def test_an_identity_that_cannot_be_asked_for_is_a_note(asked: Asked) -> None:
    asked.bench.server.surveyed = Survey(error=ServerUnreachableError("it is gone"))

    assert asked.live.record_identity() == "the server's new identity could not be recorded: it is gone"


def test_a_flush_that_fails_does_not_end_the_restore(asked: Asked) -> None:
    asked.bench.server.connect_error = ServerUnreachableError("it is gone")

    asked.live.flush()

    assert any("flushed" in getattr(event, "message", "") for event in asked.bench.events)


def test_one_that_never_answered_is_started_once_it_has_stopped(asked: Asked) -> None:
    asked.power.running = False

    asked.live.start_unless_running()

    assert asked.power.calls == ["start"]
