"""The commands that the pages for operators show, and what a test does with each.

A command of ours is parsed by the real parsers, and run against a real daemon in
``tests/integration/test_docs_commands.py``; every other program is listed here with the reason why no test runs it.
Nothing unlisted passes.
"""

from __future__ import annotations

import argparse
import re
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from octeth_backupd.cli import daemon
from octeth_backupd.cli.ctl.parser import build_parser

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ROOT: Final = Path(__file__).resolve().parent.parent.parent
INDEX: Final = ROOT / "docs" / "README.md"
WORST_DAY: Final = ROOT / "docs" / "how-to" / "restore-on-the-worst-day.md"
CTL: Final = "octeth-backupctl"
DAEMON: Final = "octeth-backupd"
_PARSERS: Final = {CTL: build_parser(), DAEMON: daemon.build_parser()}

EXTERNAL: Final[Mapping[str, str]] = {
    # Programs that change or ask the whole machine: tests/integration/test_package.py runs the package under systemd.
    "apt": "installs the package",
    "groupadd": "makes a group of the machine",
    "install": "makes files in /etc",
    "journalctl": "asks the journal",
    "systemctl": "steers the unit",
    "systemd-analyze": "looks at the unit",
    # What is typed by people.
    "editor": "a person writes",
    "less": "a person reads",
    # Files, moved by hand where no daemon is: docs/tested.md says with what these pages were tried.
    "aws": "needs a bucket on the internet, or an account",
    "cat": "shows a file",
    "curl": "asks the socket of the usual place: tests/integration/test_control.py does it",
    "cd": "of a shell",
    "chmod": "of restored files",
    "chown": "of restored files",
    "cp": "of restored files",
    "mkdir": "beside the data directory",
    "mv": "exchanges directories",
    "rm": "removes the engine's files",
    "scp": "needs another host",
    "sha256sum": "of a file with an example's name",
    "tar": "unpacks a file with an example's name",
    "dnf": "installs packages on another system",
    "sed": "of a file of the machine",
    "systemd-sysusers": "makes a group of the machine",
    "systemd-tmpfiles": "makes directories of the machine",
    "zstd": "unpacks a file with an example's name",
    "python3": "makes an environment, or looks into a manifest",
    # Servers of the examples' names.
    "docker": "needs the container, or images that no registry here has",
    # The checkout.
    "pipx": "changes the whole machine: tests/integration/test_package_files.py does it in a directory",
    ".venv/bin/pip": "installs the checkout: tests/setup/python-environment",
    "git": "fetches the checkout",
    "ln": "links the programs",
    "make": "builds packages, or shows the demo",
}
"""Program → why no test runs it."""

NOT_RUN: Final[Mapping[tuple[str, str], str]] = {
    (DAEMON, "serve"): "is the daemon that all others are run against",
    (DAEMON, "setup"): "asks at a terminal: tests/integration/test_setup.py",
    (DAEMON, "import"): "needs an installation of the bash tool: tests/integration/test_import.py",
}
"""Program of ours and its command → why it is only parsed."""

_FENCE = re.compile(r"^ *```(?P<language>\w*)\n(?P<text>.*?)^ *```$", re.DOTALL | re.MULTILINE)
_LANGUAGES = frozenset({"", "sh", "bash", "console"})
_LINK = re.compile(r"\]\((how-to/[\w-]+\.md)\)")
_SEPARATORS = frozenset("|&;")
_REDIRECTIONS = frozenset("<>")


class UnknownCommandError(Exception):
    """No test can say anything of a command; the message says which and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentedCommand:
    """One program with its arguments, as a page has it.

    Attributes:
        page: The file.
        words: As a shell splits them, without redirections.
    """

    page: Path
    words: tuple[str, ...]

    @property
    def program(self) -> str:
        """What is started; programs of ours without the directory that they lie in."""
        name = self.words[0].rpartition("/")[2]
        return name if name in _PARSERS else self.words[0]

    @property
    def arguments(self) -> tuple[str, ...]:
        """What follows the program."""
        return self.words[1:]

    @property
    def command(self) -> str:
        """What a program of ours is asked to do, such as ``restore``; empty when it is asked for nothing."""
        return next((word for word in self.arguments if not word.startswith("-")), "")

    @property
    def is_ours(self) -> bool:
        """Whether the program is one of this project."""
        return self.program in _PARSERS

    def __str__(self) -> str:
        return shlex.join(self.words)


_ASSIGNMENT: Final = re.compile(r"[A-Z_]+=")
"""A variable for one command: ``NAME=value program``."""


def operators_pages() -> tuple[Path, ...]:
    """Return the README and every how-to, in the order of the index."""
    links = dict.fromkeys(_LINK.findall(INDEX.read_text()))
    return (ROOT / "README.md", *(INDEX.parent / link for link in links))


def commands_of(page: Path) -> tuple[DocumentedCommand, ...]:
    """Return the commands of a page's blocks for a shell, in order.

    Blocks without a language are such blocks; in those of a console only what follows a prompt is.
    """
    return tuple(
        DocumentedCommand(page=page, words=words)
        for fence in _FENCE.finditer(page.read_text())
        if fence["language"] in _LANGUAGES
        for line in _lines(fence["text"], is_console=fence["language"] == "console")
        for words in split(line)
    )


def _lines(text: str, *, is_console: bool) -> Iterator[str]:
    for line in re.sub(r"\\\n\s*", " ", text).splitlines():
        stripped = line.strip()
        if is_console and not stripped.startswith("$ "):
            continue
        if stripped and not stripped.startswith("#"):
            yield stripped.removeprefix("$ ")


def split(line: str) -> Iterator[tuple[str, ...]]:
    """Yield the words of each program that a line starts."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars="|&;<>")
    lexer.whitespace_split = True
    words: list[str] = []
    skip = False
    for token in lexer:
        if set(token) <= _REDIRECTIONS:
            skip = True
            if words and words[-1].isdigit():
                words.pop()
        elif set(token) <= _SEPARATORS:
            if words:
                yield tuple(words)
            words, skip = [], False
        elif skip:
            skip = False
        elif words or not _ASSIGNMENT.match(token):
            words.append(token)
    if words:
        yield tuple(words)


def parsed(command: DocumentedCommand) -> argparse.Namespace:
    """Return what the real parser makes of a command of ours.

    Raises:
        UnknownCommandError: It refuses it.
    """
    try:
        return _PARSERS[command.program].parse_args(command.arguments)
    except SystemExit as exc:
        raise UnknownCommandError(f"{command.page.name}: the parser refuses: {command}") from exc


def check(command: DocumentedCommand) -> None:
    """Pass when the parsers accept a command of ours, or another program is listed.

    Raises:
        UnknownCommandError: Neither is so.
    """
    if command.is_ours:
        parsed(command)
    elif command.program not in EXTERNAL:
        raise UnknownCommandError(f"{command.page.name}: no test knows {command.program}: {command}")
