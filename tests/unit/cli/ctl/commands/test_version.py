"""``version``."""

import json
from typing import Any

from octeth_backupd import __version__
from octeth_backupd.cli.ctl.failure import CommandFailedError
from tests.fakes.services import FakeServices
from tests.fakes.terminal import FakeConnection, run_command


def shown(services: FakeServices, *argv: str) -> str:
    return run_command(FakeConnection(services), *argv)[1].shown


def test_version_tells_both_and_does_without_the_daemon() -> None:
    class NoDaemon(FakeConnection):
        def get(self, path: str, *, slow: bool = False, **parameters: str | int | None) -> dict[str, Any]:
            raise CommandFailedError("no daemon answers")

    code, screen = run_command(NoDaemon(FakeServices()), "version")

    assert code == 0
    assert screen.shown.split() == [
        "octeth-backupctl",
        __version__,
        "octeth-backupd",
        "unknown:",
        "no",
        "daemon",
        "answers",
    ]
    assert json.loads(shown(FakeServices(), "version", "--json"))["daemon"] == __version__
