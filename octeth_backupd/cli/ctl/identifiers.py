"""Ids from the command line on their way into a request."""

from __future__ import annotations

from urllib.parse import quote


def quoted(part: str) -> str:
    """Return an id as one segment of a path: dots too, for ``..`` must not climb."""
    return quote(part, safe="").replace(".", "%2E")
