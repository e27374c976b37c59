"""The process of ``MotoS3``: opens and closes the port at the orders on its standard input, and keeps the objects.

``python -m tests.environment.moto_process PORT``; the orders are the lines ``start`` and ``stop``.
"""

import sys
from threading import Thread

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import BaseWSGIServer, make_server

from tests.environment.loopback_port import LOOPBACK


def main() -> None:
    port = int(sys.argv[1])
    application = DomainDispatcherApplication(create_backend_app)
    server: BaseWSGIServer | None = None
    for order in sys.stdin:
        match order.strip():
            case "start" if server is None:
                server = make_server(LOOPBACK, port, application, threaded=True, request_handler=MotoRequestHandler)
                Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
            case "stop" if server is not None:
                server.shutdown()
                server.server_close()
                server = None


if __name__ == "__main__":
    main()
