"""The ``[hooks]`` section: programs of the operator."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Annotated

from pydantic import AfterValidator, Field

from octeth_backupd.domain.hooks import Hook
from octeth_backupd.domain.section import Section

if TYPE_CHECKING:
    from collections.abc import Iterator

HookCommand = tuple[str, ...]
_EXAMPLE = 'Write [["/usr/local/sbin/program", "argument"]].'


def _checked(commands: tuple[HookCommand, ...]) -> tuple[HookCommand, ...]:
    for command in commands:
        if not command or not command[0]:
            raise ValueError(f"names no program. {_EXAMPLE}")
        program = PurePosixPath(command[0])
        if not program.is_absolute() or ".." in program.parts:
            raise ValueError(f"must name each program by its absolute path. {_EXAMPLE}")
        if any("\0" in argument for argument in command):
            raise ValueError("must not contain a zero byte.")
    return commands


HookCommands = Annotated[tuple[HookCommand, ...], AfterValidator(_checked)]


class HooksSettings(Section):
    """Programs that run before and after backups and restores, each with its arguments, one after the other.

    No shell takes part. Each program and the directories above it belong to root, and nobody else may write them.
    """

    before_backup: HookCommands = Field(
        default=(),
        description="Before anything of a backup is done. One that fails ends the run, and no backup is made.",
    )
    after_backup: HookCommands = Field(
        default=(),
        description="After a good backup and its uploads. One that fails makes the run degraded.",
    )
    on_failure: HookCommands = Field(
        default=(),
        description="When a backup or a restore of a server failed or was cancelled. One that fails is a warning.",
    )
    before_restore: HookCommands = Field(
        default=(),
        description="When the plan of a restore holds, before anything is unpacked. One that fails ends the run.",
    )
    after_restore: HookCommands = Field(
        default=(),
        description="When the server runs on the restored data. One that fails is a warning.",
    )
    timeout_seconds: int = Field(
        default=60,
        ge=1,
        le=86400,
        description="How long one program may run; then it is ended, and everything that it started.",
    )

    def commands(self, hook: Hook) -> tuple[HookCommand, ...]:
        """Return the programs of a hook."""
        found: tuple[HookCommand, ...] = getattr(self, hook.value)
        return found

    def all_commands(self) -> Iterator[tuple[Hook, HookCommand]]:
        """Yield every program with its hook."""
        for hook in Hook:
            for command in self.commands(hook):
                yield hook, command
