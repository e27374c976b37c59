"""A started server: waiting until it answers, and for its end."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from pydantic import SecretStr

from octeth_backupd.errors import CancelledError, LoginRefusedError, VerificationError
from octeth_backupd.pipeline.restore.login import Login
from octeth_backupd.pipeline.restore.rehearsal_performance import STOP_SECONDS, Performance, anybody
from tests.fakes.runs import RecordedContext
from tests.unit.servers.fake_server import closed_address, listening, refusal

if TYPE_CHECKING:
    from octeth_backupd.domain.server import Address

LOGIN = Login(source="configured", user="root", password=SecretStr("swordfish"))


class ScriptedServer:
    """Ends when it is told to, with an exit code."""

    def __init__(self, exit_code: int | None = None) -> None:
        self.exit_code = exit_code
        self.terminated = False

    def ended(self) -> int | None:
        return self.exit_code

    def terminate(self) -> None:
        self.terminated = True
        self.exit_code = 0

    def kill(self) -> None:
        self.exit_code = 137

    def last_words(self) -> tuple[str, ...]:
        return ("cannot allocate memory",)


def _performance(recorded: RecordedContext, server: ScriptedServer, address: Address | None = None) -> Performance:
    return Performance(recorded.context, server, address or closed_address(), lambda: ": its last words")


def test_server_that_ends_before_it_answers_does_not_start() -> None:
    performance = _performance(RecordedContext(), ScriptedServer(exit_code=1))

    with (
        pytest.raises(VerificationError, match="does not start on the restored data: exit code 1: its last words"),
        performance.entered([LOGIN], query_timeout_seconds=1),
    ):
        pass


def test_refused_login_is_an_answer() -> None:
    with listening(refusal(1045, "denied")) as server:
        performance = _performance(RecordedContext(), ScriptedServer(), server.address)
        with performance.entered([LOGIN], query_timeout_seconds=1) as entry:
            assert isinstance(entry, LoginRefusedError)


def test_waiting_ends_with_the_run() -> None:
    recorded = RecordedContext()
    recorded.context.cancellation.cancel()

    with (
        pytest.raises(CancelledError),
        _performance(recorded, ScriptedServer()).entered([LOGIN], query_timeout_seconds=1),
    ):
        pass


def test_unclean_end_is_an_error() -> None:
    with pytest.raises(VerificationError, match="did not stop cleanly: exit code 137"):
        _performance(RecordedContext(), ScriptedServer(exit_code=137)).require_clean_end()


def test_clean_end_is_none() -> None:
    server = ScriptedServer()
    performance = _performance(RecordedContext(), server)

    performance.terminate()
    performance.require_clean_end()

    assert server.terminated


def test_server_that_does_not_stop_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    recorded = RecordedContext()
    monkeypatch.setattr(recorded.context.cancellation, "wait", lambda _: recorded.clock.go(STOP_SECONDS))

    with pytest.raises(VerificationError, match="did not stop within"):
        _performance(recorded, ScriptedServer()).wait_until_ended()


def test_server_without_accounts_is_entered_without_a_password() -> None:
    assert anybody().password.get_secret_value() == ""
