"""The program that speaks to the Apprise library; a process of its own for each notice.

It imports nothing of octeth-backupd, reads a JSON object on standard input, and prints one: ``installed``, ``known``
(the library understands the address), ``sent``, ``said`` (what the library logged).

Source:
    Apprise's wiki, "Development API"; it logs what went wrong and returns only whether something did.
"""

from __future__ import annotations

import json
import logging
import os
import signal
import sys
from typing import Any


def main() -> None:
    """Answer the request on standard input."""
    request = json.load(sys.stdin)
    signal.alarm(request["limit_seconds"])  # also when nobody is left to end this process
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what a library prints must not mix with the answer
    sys.path[:] = request["sys_path"]
    with answers:
        json.dump(answer(request), answers)


def answer(request: dict[str, Any]) -> dict[str, Any]:
    """Send what a request holds: ``url``, ``title``, ``text``, ``kind`` and ``timeout_seconds``."""
    outcome: dict[str, Any] = {"installed": False, "known": False, "sent": False, "said": []}
    try:
        import apprise
        import apprise.conversion
    except ImportError:
        return outcome
    library: Any = apprise  # some of it has types, some not
    collector = _Collector()
    logger = logging.getLogger("apprise")
    logger.addHandler(collector)
    try:
        asset = library.AppriseAsset(app_id="octeth-backupd", app_desc="octeth-backupd", async_mode=False)
        service = library.Apprise.instantiate(request["url"], asset=asset)
        outcome |= {"installed": True, "known": service is not None, "said": collector.lines}
        if service is not None:
            service.socket_connect_timeout = service.socket_read_timeout = float(request["timeout_seconds"])
            title, text = (
                library.conversion.convert_between(library.NotifyFormat.TEXT, service.notify_format, part)
                for part in (request["title"], request["texts"][_fitting(request["texts"], service.body_maxlen)])
            )
            kind = getattr(library.NotifyType, request["kind"])
            outcome["sent"] = bool(service.notify(title=title, body=text, notify_type=kind))
    finally:
        logger.removeHandler(collector)
    return outcome


def _fitting(texts: list[str], limit: int) -> int:
    """Return which of some texts, the longest first, a service takes: half its limit, for it may escape the rest."""
    return next((number for number, text in enumerate(texts) if len(text) <= limit // 2), len(texts) - 1)


class _Collector(logging.Handler):
    def __init__(self) -> None:
        super().__init__(level=logging.WARNING)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a line."""
        self.lines.append(record.getMessage())


if __name__ == "__main__":
    main()
