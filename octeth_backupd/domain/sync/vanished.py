"""A whole tree that is not there: said as such, for it is rather a disk that is not mounted than so many losses."""

from __future__ import annotations

_QUESTION = "is its disk mounted?"


def vanished_detail(what: str) -> str:
    """Return how a missing copy's detail says that nothing else is there, either."""
    return f"{what}: {_QUESTION}"


def is_vanished(detail: str) -> bool:
    """Return whether a copy went with everything around it."""
    return detail.endswith(_QUESTION)
