import pytest

from octeth_backupd.domain.server import Address
from octeth_backupd.errors import LoginRefusedError, ServerUnreachableError
from octeth_backupd.servers.login import log_in
from octeth_backupd.servers.settings import ServerSettings
from tests.unit.servers.fake_server import closed_address, listening, refusal

SETTINGS = ServerSettings.model_validate({"container": "c"})


def test_refused_password_is_never_tried_at_another_address() -> None:
    with listening(refusal(1045, "Access denied")) as first, listening(refusal(1045, "Access denied")) as second:
        with pytest.raises(LoginRefusedError), log_in("oempro", (first.address, second.address), SETTINGS):
            pass

        assert len(first.connections) == 1
        assert len(second.connections) == 0


def test_silent_address_leads_on_to_the_next() -> None:
    with (
        listening(refusal(1045, "Access denied")) as second,
        pytest.raises(LoginRefusedError),
        log_in("oempro", (closed_address(), second.address), SETTINGS),
    ):
        pass


def test_address_that_lets_nobody_in_leads_on_and_explains_in_the_end() -> None:
    with (
        listening(refusal(1130, "Host '172.17.0.1' is not allowed")) as server,
        pytest.raises(LoginRefusedError, match="not allowed"),
        log_in("oempro", (server.address, closed_address()), SETTINGS),
    ):
        pass


def test_all_silent_addresses_are_named_with_where_they_came_from() -> None:
    first = Address(host="127.0.0.1", port=closed_address().port, origin="published port")
    second = Address(unix_socket="/nonexistent/mysqld.sock", origin="usual socket")

    with pytest.raises(ServerUnreachableError) as raised, log_in("oempro", (first, second), SETTINGS):
        pass

    assert f"{first} (published port), /nonexistent/mysqld.sock (usual socket)" in raised.value.message
    assert "[servers.oempro]" in raised.value.hint


def test_server_without_addresses_says_what_to_configure() -> None:
    with pytest.raises(ServerUnreachableError, match="no address") as raised, log_in("oempro", (), SETTINGS):
        pass

    assert "socket" in raised.value.hint


def test_error_within_the_block_is_not_taken_for_a_failed_login() -> None:
    with pytest.raises(ServerUnreachableError), log_in("oempro", (closed_address(),), SETTINGS):
        raise AssertionError("the block must not run")
