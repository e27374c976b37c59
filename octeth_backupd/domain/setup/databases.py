"""Which databases the tests of a backup are to look at."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_USUAL = "oempro"
_MANY = 20
ALL = "all"


def proposed_databases(present: Sequence[str]) -> tuple[str, ...]:
    """Return the databases to propose: Octeth's where it is there, else all unless they are many.

    Args:
        present: Those that are not the server's own.
    """
    if _USUAL in present:
        return (_USUAL,)
    return tuple(present) if len(present) <= _MANY else ()


def chosen_databases(names: Sequence[str], present: Sequence[str]) -> tuple[str, ...]:
    """Return what is meant by a choice: the word ``all``, where no database is called so, is the choice of none."""
    return () if tuple(names) == (ALL,) and ALL not in present else tuple(names)


def parse_databases(text: str) -> tuple[str, ...]:
    """Return the names in a list with commas."""
    return tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))


def database_problem(names: Sequence[str], present: Sequence[str]) -> str:
    """Return what is wrong with a choice; empty when nothing is."""
    missing = [name for name in names if name not in present]
    if not missing:
        return ""
    return (
        f"the server has no database {', '.join(missing)}, or the account does not see it; it has: {', '.join(present)}"
    )
