"""Times as people write them on a command line."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime


def time_argument(text: str) -> datetime:
    """Return the aware time that ISO 8601 text means; without a zone it is UTC.

    Raises:
        ArgumentTypeError: It is none.
    """
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"not a time in ISO 8601, such as 2026-11-22T02:00: {text!r}") from None
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time
