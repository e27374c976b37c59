"""``accept``."""

from tests.fakes.services import FakeServices
from tests.fakes.terminal import FakeConnection, run_command


def test_accept_sends_the_note_and_says_what_the_backup_is_now() -> None:
    services = FakeServices()

    code, screen = run_command(FakeConnection(services), "accept", "11-22", "--note", "emptied the archive")

    assert code == 0
    assert screen.shown == "oempro-2026-11-22_02-00-00 is accepted: good\n"
    assert services.requests[0] == (
        "accept",
        {"backup_id": "11-22", "note": "emptied the archive", "requested_by": "uid 0 (root)"},
    )
