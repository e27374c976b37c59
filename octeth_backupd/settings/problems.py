"""What can be wrong with a configuration, one value per finding, and how that reads."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing that is wrong; never holds the value of a secret.

    Attributes:
        path: Key as written in TOML, such as ``servers.oempro.port``; empty for the configuration as a whole.
        message: What is wrong, lower case without a full stop.
        hint: What would be right, a full sentence; may be empty.
        source: File, environment variable or credential that says it; empty when nothing does.
        is_warning: The configuration can be used all the same.
    """

    path: str
    message: str
    hint: str = ""
    source: str = ""
    is_warning: bool = False

    def __str__(self) -> str:
        subject = f"{self.path}: {self.message}" if self.path else self.message
        return f"{subject} ({self.source})" if self.source else subject


def toml_path(parts: Iterable[str | int]) -> str:
    """Return a key's path as one would write it in TOML, list positions in brackets."""
    text = ""
    for part in parts:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            name = part if _BARE_KEY.fullmatch(part) else json.dumps(part)
            text += f".{name}" if text else name
    return text


def without_duplicates(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Keep the first of several problems that differ in nothing but their hint."""
    kept: dict[Problem, Problem] = {}
    for problem in problems:
        kept.setdefault(replace(problem, hint=""), problem)
    return tuple(kept.values())


def render_problems(problems: Iterable[Problem], *, unsaid_source: str = "") -> str:
    """Return the problems as an indented list, each with its hint on a line of its own.

    Args:
        problems: In the order they shall have.
        unsaid_source: A source that goes without saying, because the list is about it.
    """
    lines = []
    for problem in problems:
        lines.append(f"  {replace(problem, source='') if problem.source == unsaid_source else problem}")
        if problem.hint:
            lines.append(f"      {problem.hint}")
    return "\n".join(lines)
