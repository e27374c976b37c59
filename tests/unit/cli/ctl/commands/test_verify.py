"""``verify``."""

from tests.fakes.services import FakeServices
from tests.fakes.terminal import FakeConnection, run_command


def test_verify_follows_to_the_outcome() -> None:
    services = FakeServices()
    services.performs = True

    code, screen = run_command(FakeConnection(services), "verify", "latest", "-v")

    assert code == 0
    assert "verify of oempro: success" in screen.shown
