"""What ``check-config`` says of the programs of hooks; the daemon looks again whenever it runs one."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from octeth_backupd.pipeline.hooks.trust import ROOT_ALONE, distrust
from octeth_backupd.settings.problems import Problem, toml_path

if TYPE_CHECKING:
    from collections.abc import Iterator

    from octeth_backupd.settings.settings import Settings

_HINT = "Run: chown root:root and chmod go-w on the program and every directory above it."
_HINTS = {
    "does not exist": "Put the program there, or correct its path.",
    "is not a file": "Name the program itself.",
    "is not executable": "Run: chmod 755 {program}",
}


def hook_problems(settings: Settings, *, owners: frozenset[int] = ROOT_ALONE) -> Iterator[Problem]:
    """Yield a problem for each program that the daemon would refuse to run.

    It is no reason for a daemon not to start: other servers' backups go on.
    """
    for hook, command in settings.hooks.all_commands():
        reason = distrust(command[0], owners=owners)
        if reason:
            yield Problem(path=toml_path(("hooks", hook.value)), message=reason, hint=_hint(command[0], reason))


def _hint(program: str, reason: str) -> str:
    said = reason.removeprefix(f"{program} ")
    return _HINTS.get(said, _HINT).replace("{program}", shlex.quote(program))
