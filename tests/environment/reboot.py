"""The four ways in which a restore may be interrupted, done to a daemon, its server and the Docker engine of both."""

from __future__ import annotations

import shutil
from contextlib import suppress
from enum import StrEnum
from typing import TYPE_CHECKING

from tests.environment.process_tree import kill_all

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.environment.daemon import Daemon
    from tests.environment.database_containers import DatabaseContainer
    from tests.environment.private_docker import PrivateDocker


class Crash(StrEnum):
    """What ends at one moment; the restart policy of the server's container counts all the while."""

    DAEMON = "daemon killed"
    DAEMON_AND_SERVER = "daemon and server killed"
    ENGINE = "dockerd restarted"
    REBOOT = "reboot"

    @property
    def ends_the_daemon(self) -> bool:
        """Whether the daemon has to be started again."""
        return self is not Crash.ENGINE


def crash(kind: Crash, daemon: Daemon, server: DatabaseContainer, docker: PrivateDocker) -> None:
    """Let it happen; afterwards the engine answers again, the daemon is not started again."""
    match kind:
        case Crash.DAEMON:
            daemon.kill()
        case Crash.DAEMON_AND_SERVER:
            assert daemon.process is not None
            server.container.reload()
            server_process = int(server.container.attrs["State"]["Pid"])
            kill_all([daemon.process.pid, *([server_process] if server_process else [])])
            daemon.wait()
        case Crash.ENGINE:
            docker.stop()
            docker.start()
        case Crash.REBOOT:
            lose_power(daemon, docker)
            docker.start()


def lose_power(daemon: Daemon, docker: PrivateDocker) -> None:
    """End the daemon, the engine and all containers in one moment, with what lies in ``/run``."""
    daemon.kill()
    docker.lose_power()
    with suppress(FileNotFoundError):
        shutil.rmtree(daemon.runtime_directory)


def start_again(daemon: Daemon, environment: Mapping[str, str]) -> None:
    """Start the daemon in another environment; the old one has ended or is stopped."""
    if daemon.is_running():
        daemon.stop()
    daemon.environment = environment
    daemon.start()
