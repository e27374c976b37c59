"""The question that ``check`` and ``last-good`` ask, and its options."""

from __future__ import annotations

from typing import TYPE_CHECKING

from octeth_backupd.cli.ctl.amounts import parse_duration, parse_size
from octeth_backupd.cli.ctl.failure import CommandFailedError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from octeth_backupd.cli.ctl.connection import Connection, Json

_PROOFS = "L0a, L0b, L1, L2, L3 or L4"


def add_requirements(parser: argparse.ArgumentParser, *, max_age: str | None) -> None:
    """Declare what a backup must be.

    Args:
        parser: Of a command.
        max_age: Default of ``--max-age``; None: whatever its age.
    """
    default = f" (default: {max_age})" if max_age else ""
    parser.add_argument(
        "--max-age", default=max_age, metavar="AGE", help=f"it is not older than this, such as 90m, 26h or 2d{default}"
    )
    parser.add_argument(
        "--min-size", metavar="SIZE", help="its archive is not smaller than this, such as 500MB or 1GiB"
    )
    parser.add_argument("--proof", metavar="LEVEL", help=f"it was proven at least so far: {_PROOFS}")
    parser.add_argument("--storage", metavar="NAME", help="it can be read from this storage, such as local or s3")


def ask_freshness(arguments: argparse.Namespace, connection: Connection, *, before: str | None = None) -> Json:
    """Return the daemon's judgement.

    Raises:
        CommandFailedError: An option makes no sense, or the daemon cannot be asked.
    """
    return connection.get(
        "/v1/freshness",
        server=arguments.server,
        max_age_seconds=_parsed(parse_duration, arguments.max_age, "--max-age"),
        min_size_bytes=_parsed(parse_size, arguments.min_size, "--min-size"),
        proof=arguments.proof,
        storage=arguments.storage,
        before=before,
    )


def _parsed(parse: Callable[[str], int], text: str | None, option: str) -> int | None:
    if text is None:
        return None
    try:
        return parse(text)
    except ValueError as exc:
        raise CommandFailedError(f"{option}: {exc}", code="invalid_request") from exc
