"""Would the daemon take this configuration? Asked of files that are in memory only."""

from __future__ import annotations

import os
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from octeth_backupd.settings.load import Examination, examine

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from octeth_backupd.domain.secret import Secret


def try_configuration(
    text: str, secrets: tuple[Secret, ...], *, path: Path, environment: Mapping[str, str]
) -> Examination:
    """Return what ``check-config`` would say once the files were written; nothing is.

    Args:
        text: Of the configuration file.
        secrets: Files that it names.
        path: Where it would be, for messages.
        environment: The process's.
    """
    with ExitStack() as stack:
        for secret in secrets:
            held = stack.enter_context(_in_memory(f"{secret.text}\n"))
            text = text.replace(f'"{secret.path}"', f'"{held}"')
        config = stack.enter_context(_in_memory(text))
        examination = examine(config, environment)
    problems = tuple(
        replace(
            problem,
            message=problem.message.replace(str(config), str(path)),
            source=problem.source.replace(str(config), str(path)),
        )
        for problem in examination.problems
    )
    return Examination(settings=examination.settings, problems=problems)


@contextmanager
def _in_memory(text: str) -> Iterator[Path]:
    """Hold a file that has no name, mode 0600, and yield a path that this process can open.

    Source:
        memfd_create(2); proc(5), ``/proc/self/fd``.
    """
    descriptor = os.memfd_create("octeth-backupd")
    try:
        os.fchmod(descriptor, 0o600)
        with open(descriptor, "wb", closefd=False) as file:
            file.write(text.encode("utf-8", "surrogateescape"))
        yield Path(f"/proc/self/fd/{descriptor}")
    finally:
        os.close(descriptor)
