"""``pin`` and ``unpin``."""

from tests.fakes.services import FakeServices
from tests.fakes.terminal import FakeConnection, run_command


def test_pin_sends_the_note_and_names_the_backup() -> None:
    services = FakeServices()

    code, screen = run_command(FakeConnection(services), "pin", "11-22", "--note", "before the upgrade")

    assert code == 0
    assert "oempro-2026-11-22_02-00-00 is pinned" in screen.shown
    assert services.said.pin is not None
    assert services.said.pin.note == "before the upgrade"


def test_unpin_takes_it_back() -> None:
    services = FakeServices()
    run_command(FakeConnection(services), "pin", "latest")

    code, screen = run_command(FakeConnection(services), "unpin", "latest")

    assert code == 0
    assert "is not pinned" in screen.shown
    assert services.said.pin is None
