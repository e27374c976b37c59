"""The server's TLS settings in the words of an engine's option file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from pathlib import Path

Tls = Literal["preferred", "required", "disabled"]


def tls_options(engine: str, *, tls: Tls, tls_ca: Path | None) -> dict[str, str]:
    """Return options for ``[client]``; none where the engine's own default is meant.

    Args:
        engine: Name of the engine.
        tls: As configured for the server.
        tls_ca: Certificates that the server's is verified with; implies "required". Must be readable where the
            engine runs.

    Source:
        MySQL 8.4 manual, "Command Options for Encrypted Connections" (``ssl-mode``); mariadb-backup 10.11 knows no
        ``ssl-mode``, but ``ssl``, ``ssl-ca`` and ``ssl-verify-server-cert``.
    """
    if engine == "mariadb-backup":
        if tls_ca is not None:
            return {"ssl": "1", "ssl-ca": str(tls_ca), "ssl-verify-server-cert": "1"}
        return {"preferred": {}, "required": {"ssl": "1"}, "disabled": {"ssl": "0"}}[tls]
    if tls_ca is not None:
        return {"ssl-mode": "VERIFY_CA", "ssl-ca": str(tls_ca)}
    return {} if tls == "preferred" else {"ssl-mode": tls.upper()}
