import time
from pathlib import Path

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


def test_absent_certificates_are_not_taken_for_a_silent_server(tmp_path: Path) -> None:
    settings = ServerSettings.model_validate({"address": "x", "tls_ca": tmp_path / "absent.pem"})

    with (
        listening() as server,
        pytest.raises(ServerError, match=r"absent\.pem cannot be read: no such file") as raised,
        open_session(server.address, settings),
    ):
        pass

    assert not isinstance(raised.value, ServerUnreachableError)
