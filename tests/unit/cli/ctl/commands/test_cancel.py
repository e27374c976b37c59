"""``cancel``."""

import pytest

from octeth_backupd.cli.ctl.failure import CommandFailedError
from octeth_backupd.domain.backup import RunStatus
from tests.fakes.services import FakeServices, make_run
from tests.fakes.terminal import FakeConnection, run_command


def shown(services: FakeServices, *argv: str) -> str:
    return run_command(FakeConnection(services), *argv)[1].shown


def test_cancel_says_what_came_of_it() -> None:
    services = FakeServices(runs=[make_run(status=RunStatus.RUNNING)])

    assert shown(services, "cancel", "run-1") == "run run-1 is cancelled\n"
    with pytest.raises(CommandFailedError, match="ended already"):
        shown(services, "cancel", "run-1")
