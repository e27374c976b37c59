from typing import Any

import pytest

from octeth_backupd.errors import ServerUnreachableError
from octeth_backupd.servers.container import read_container
from octeth_backupd.servers.container_state import require_running
from tests.unit.servers.builders import inspected


@pytest.mark.parametrize(
    ("state", "message", "command"),
    [
        ({"Status": "exited"}, "is stopped", "docker start oempro_mysql"),
        ({"Status": "created"}, "is stopped", "docker start oempro_mysql"),
        ({"Status": "paused", "Paused": True}, "is paused", "docker unpause oempro_mysql"),
        ({"Status": "restarting", "Restarting": True}, "is restarting", "docker logs --tail 50 oempro_mysql"),
    ],
)
def test_container_that_cannot_answer_is_refused_with_the_command_that_helps(
    state: dict[str, Any], message: str, command: str
) -> None:
    container = read_container(inspected(State=state), port=None, image_digest="")

    with pytest.raises(ServerUnreachableError, match=message) as refused:
        require_running(container)

    assert command in refused.value.hint


def test_running_container_passes() -> None:
    container = read_container(inspected(), port=None, image_digest="")

    require_running(container)

    assert (container.status, container.paused) == ("running", False)
