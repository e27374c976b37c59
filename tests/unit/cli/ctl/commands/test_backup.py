"""``backup``."""

import pytest

from octeth_backupd.cli.ctl.failure import CommandFailedError
from octeth_backupd.domain.backup import RunStatus
from tests.fakes.services import FakeServices, make_run
from tests.fakes.terminal import FakeConnection, run_command


def test_server_and_wait_reach_the_daemon() -> None:
    services = FakeServices()

    run_command(FakeConnection(services), "backup", "--server", "oempro", "--wait", "--detach")

    asked = services.requests[0]
    assert asked == ("request_backup", {"server": "oempro", "wait": True, "requested_by": "uid 0 (root)"})


def test_a_busy_server_ends_with_75_and_names_the_holder() -> None:
    services = FakeServices(runs=[make_run("run-7", status=RunStatus.RUNNING)])

    with pytest.raises(CommandFailedError, match="run-7") as caught:
        run_command(FakeConnection(services), "backup")

    assert caught.value.exit_code == 75
