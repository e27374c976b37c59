"""``watch``."""

from octeth_backupd.domain.backup import RunStatus
from tests.fakes.services import FakeServices, make_run
from tests.fakes.terminal import FakeConnection, run_command


def test_watch_of_a_run_that_is_over_tells_its_outcome() -> None:
    services = FakeServices(runs=[make_run(status=RunStatus.INTERRUPTED, error="the daemon died")])

    code, screen = run_command(FakeConnection(services), "watch", "run")

    assert code == 5
    assert "the daemon died" in screen.said
