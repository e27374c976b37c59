import time

import pytest

from octeth_backupd.errors import LoginRefusedError, ServerError, ServerUnreachableError
from octeth_backupd.servers import session as session_module
from octeth_backupd.servers.session import open_session
from octeth_backupd.servers.settings import ServerSettings
from octeth_backupd.servers.sql_errors import HostRefusedError
from tests.unit.servers.fake_server import closed_address, listening, refusal

SETTINGS = ServerSettings.model_validate({"address": "x", "password": "swordfish"})


def test_server_that_accepts_and_says_nothing_is_given_up_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session_module, "CONNECT_TIMEOUT_SECONDS", 0.2)

    with listening() as mute:
        began = time.monotonic()
        with pytest.raises(ServerUnreachableError), open_session(mute.address, SETTINGS):
            pass

    assert time.monotonic() - began < 5


def test_closed_port_is_unreachable() -> None:
    with pytest.raises(ServerUnreachableError, match="connection refused"), open_session(closed_address(), SETTINGS):
        pass


@pytest.mark.parametrize(
    ("number", "expected"), [(1045, LoginRefusedError), (1130, HostRefusedError), (1040, ServerError)]
)
def test_refusal_before_the_login_is_translated(number: int, expected: type[ServerError]) -> None:
    with (
        listening(refusal(number, "refused")) as server,
        pytest.raises(expected) as raised,
        open_session(server.address, SETTINGS),
    ):
        pass

    assert "swordfish" not in f"{raised.value.message} {raised.value.hint}"
