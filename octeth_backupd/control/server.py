"""The control server: uvicorn on our own socket, in a thread of its own."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog
import uvicorn

from octeth_backupd.control.access import access_from
from octeth_backupd.control.api import build_api, guarded
from octeth_backupd.control.binding import BoundSocket, bind_socket
from octeth_backupd.control.limits import Limits
from octeth_backupd.control.protocol import protocol_class
from octeth_backupd.errors import BackupdError

if TYPE_CHECKING:
    import socket

    from octeth_backupd.control.access import Access
    from octeth_backupd.control.guard import Guard
    from octeth_backupd.control.services import Services
    from octeth_backupd.control.settings import ControlSettings

_log = structlog.get_logger("control")

_START_SECONDS = 15.0
_EXTRA_STOP_SECONDS = 2.0


class ControlServer:
    """Answer on the control socket from ``start`` to ``stop``; started once."""

    def __init__(self, *, settings: ControlSettings, services: Services, limits: Limits | None = None) -> None:
        self._settings = settings
        self._services = services
        self._limits = limits or Limits()
        self._listening: _Listening | None = None

    def start(self) -> None:
        """Listen; returns when requests are answered.

        Raises:
            BusyError: Another daemon answers at the socket.
            ConfigurationError: The socket cannot be made, or a configured group does not exist.
            BackupdError: The server did not come up.
        """
        access = access_from(self._settings)
        api = build_api(self._services, limits=self._limits)
        server = _Uvicorn(_uvicorn_config(guarded(api, access=access, limits=self._limits), access, self._limits))
        if access.group_gid is None:
            _log.warning("control.no_group", group=access.group)
        bound = bind_socket(self._settings.socket, gid=access.group_gid)
        thread = threading.Thread(target=_serve, args=(server, bound.listener), name="control", daemon=True)
        self._listening = _Listening(bound=bound, server=server, thread=thread, stopping=api.state.calls.stopping)
        thread.start()
        if not server.ready.wait(_START_SECONDS) or not thread.is_alive():
            self.stop()
            raise BackupdError("the control server did not start", hint="Look at the lines before in the log.")
        _log.info("control.listening", path=str(bound.path))

    def stop(self) -> None:
        """Take no more requests, end event streams, remove the socket; returns within seconds."""
        if self._listening is None:
            return
        listening, self._listening = self._listening, None
        listening.stopping.set()
        listening.server.should_exit = True
        listening.thread.join(self._limits.stop_seconds + _EXTRA_STOP_SECONDS)
        if listening.thread.is_alive():
            _log.warning("control.stop_slow", path=str(listening.bound.path))
        listening.bound.close()

    def is_alive(self) -> bool:
        """Return whether requests are being answered."""
        return self._listening is not None and self._listening.thread.is_alive()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Listening:
    """What exists between ``start`` and ``stop``."""

    bound: BoundSocket
    server: _Uvicorn
    thread: threading.Thread
    stopping: threading.Event


class _Uvicorn(uvicorn.Server):
    """uvicorn's server that says when it listens."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to listen."""
        await super().startup(sockets=sockets)
        self.ready.set()


def _uvicorn_config(application: Guard, access: Access, limits: Limits) -> uvicorn.Config:
    return uvicorn.Config(
        application,
        http=protocol_class(limits=limits, access=access),
        ws="none",
        loop="asyncio",
        lifespan="off",
        log_config=None,
        log_level="error",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        h11_max_incomplete_event_size=limits.header_bytes,
        timeout_keep_alive=limits.keep_alive_seconds,
        timeout_graceful_shutdown=limits.stop_seconds,
    )


def _serve(server: _Uvicorn, listener: socket.socket) -> None:
    try:
        server.run(sockets=[listener])
    except Exception:  # noqa: BLE001 - the thread's last words; the watchdog sees that it has ended
        _log.exception("control.died")
    finally:
        server.ready.set()
