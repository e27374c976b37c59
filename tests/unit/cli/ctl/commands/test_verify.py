"""``verify``."""

import pytest

from tests.fakes.services import FakeServices
from tests.fakes.terminal import FakeConnection, run_command


def test_verify_follows_to_the_outcome() -> None:
    services = FakeServices()
    services.performs = True

    code, screen = run_command(FakeConnection(services), "verify", "latest", "-v")

    assert code == 0
    assert "verify of oempro: success" in screen.shown


@pytest.mark.parametrize(("options", "deep"), [((), False), (("--deep",), True)])
def test_deep_reaches_the_daemon(options: tuple[str, ...], *, deep: bool) -> None:
    services = FakeServices()

    run_command(FakeConnection(services), "verify", "latest", "--detach", *options)

    assert services.requests[0][1]["deep"] is deep
    assert services.requests[0][1]["storage"] == ""


def test_a_storage_that_is_named_reaches_the_daemon() -> None:
    services = FakeServices()

    run_command(FakeConnection(services), "verify", "latest", "--detach", "--storage", "s3")

    assert services.requests[0][1]["storage"] == "s3"
