"""A host for setup that is all in memory but for a directory, and somebody who answers as told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from octeth_backupd.process.docker import Docker
from octeth_backupd.process.host import HostRunner
from octeth_backupd.process.mark import RunMark
from octeth_backupd.process.redaction import Redactor
from octeth_backupd.setup.discovery import Discovery
from octeth_backupd.setup.going_on import GoingOn
from octeth_backupd.setup.order import Machine, Places
from octeth_backupd.setup.prompt import NobodyPrompt, Prompt
from tests.fakes.clock import FakeClock

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)


@dataclass
class ScriptedPrompt:
    """See Prompt: answers by the flag, or by a word of the question, each answer once; else takes the default."""

    answers: dict[str, list[str]] = field(default_factory=dict)
    yes: set[str] = field(default_factory=set)
    refuses: bool = False
    asked: list[str] = field(default_factory=list)
    is_attended: bool = True

    def text(self, question: str, *, flag: str, default: str | None = None) -> str:
        self.asked.append(question)
        waiting = self.answers.get(flag)
        if waiting:
            return waiting.pop(0)
        assert default is not None, f"nobody answers {question}"
        return default

    def secret(self, question: str, *, flag: str) -> str:
        return self.text(question, flag=flag)

    def choice(self, question: str, options: Any, *, flag: str, default: int) -> int:
        return int(self.text(question, flag=flag, default=str(default)))

    def confirm(self, question: str, *, default: bool = True) -> bool:
        self.asked.append(question)
        return not self.refuses

    def offer(self, question: str, *, default: bool = True) -> bool:
        self.asked.append(question)
        return any(word in question for word in self.yes)


def runner(directory: Path, **programs: str) -> HostRunner:
    """Return what runs shell scripts of these names, and nothing else but the shell."""
    directory.mkdir(parents=True, exist_ok=True)
    for name, script in programs.items():
        path = directory / name.replace("_", "-")
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
    return HostRunner(mark=RunMark("setup", "setup"), redactor=Redactor(()), path=f"{directory}:/usr/bin:/bin")


@dataclass(kw_only=True)
class Host:
    """What a machine was told to do."""

    directory: Path
    prompt: Prompt = field(default_factory=NobodyPrompt)
    discovery: Discovery = field(default_factory=lambda: Discovery(candidates=()))
    stdin: str = ""
    environment: dict[str, str] = field(default_factory=lambda: {"OCTETH_BACKUPD_SCHEDULES__TIMEZONE": "UTC"})
    programs: dict[str, str] = field(default_factory=dict)
    has_systemd: bool = True
    backup_code: int = 0
    said: list[str] = field(default_factory=list)
    backups: list[str] = field(default_factory=list)
    runs: list[tuple[GoingOn, ...]] = field(default_factory=list)
    sockets: list[Path] = field(default_factory=list)
    imports: list[Path] = field(default_factory=list)
    import_tool: Callable[[Path], int] | None = None

    @property
    def text(self) -> str:
        """What was said."""
        return "\n".join(self.said)

    def machine(self) -> Machine:
        """Return the machine."""
        if self.has_systemd:
            (self.directory / "run").mkdir(exist_ok=True)
        (self.directory / "os-release").write_text("ID=debian\n")
        calls = self.directory / "calls"
        usual = f'echo "$*" >>{calls}; case "$*" in *is-active*) exit 3;; esac'
        programs = {"systemctl": usual, **self.programs}
        if self.has_systemd:
            shown = 'case "$*" in *show*) echo LoadState=loaded; exit;; esac'
            programs["systemctl"] = f"{shown}\n{programs['systemctl']}"

        def take_backup(server: str, _socket: Path) -> int:
            self.backups.append(server)
            return self.backup_code

        def ask_runs(socket: Path) -> tuple[GoingOn, ...]:
            self.sockets.append(socket)
            return self.runs.pop(0) if self.runs else ()

        def take_over(directory: Path) -> int:
            self.imports.append(directory)
            return 0

        return Machine(
            clock=FakeClock(NOW),
            docker=Docker("unix:///nonexistent.sock"),
            host_runner=runner(self.directory / "bin", **programs),
            environment=self.environment,
            prompt=self.prompt,
            discover=lambda: self.discovery,
            read_stdin=lambda: self.stdin,
            import_tool=self.import_tool or take_over,
            runs=ask_runs,
            take_backup=take_backup,
            say=self.said.append,
            places=Places(
                units=self.directory / "units",
                systemd=self.directory / "run",
                os_release=self.directory / "os-release",
                old_tools=(self.directory / "old-tool",),
            ),
        )

    def calls(self) -> list[str]:
        """Return what systemctl was called with."""
        path = self.directory / "calls"
        return path.read_text().splitlines() if path.exists() else []
