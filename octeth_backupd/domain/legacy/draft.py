"""The new configuration while it is being written, and the report beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from octeth_backupd.domain.legacy.report import Fate, Note
from octeth_backupd.domain.secret import Secret
from octeth_backupd.domain.toml_text import toml_value

if TYPE_CHECKING:
    from pathlib import PurePosixPath

    from octeth_backupd.domain.legacy.configuration import Configuration


class Draft:
    """Values that were taken over, the secrets that go into files of their own, and notes on everything.

    Args:
        configuration: What is taken over.
        secret_directory: Where files with secrets will be.
    """

    def __init__(self, configuration: Configuration, *, secret_directory: PurePosixPath) -> None:
        self.configuration = configuration
        self.tables: dict[str, Any] = {}
        self.secrets: list[Secret] = []
        self.notes: list[Note] = []
        self.seen: set[str] = set()
        self._secret_directory = secret_directory

    def text(self, name: str, *, instead: str = "") -> str:
        """Return a variable's value; one that is not certain is noted, once, and counts as empty.

        Args:
            name: Of the variable.
            instead: Where the operator enters the value, such as ``[s3] bucket``.
        """
        problem = self.configuration.problem(name)
        if problem and name not in self.seen:
            where = f"; write what is meant {f'as {instead}' if instead else 'into the new configuration'}"
            self.note(Fate.BY_HAND, name, f"holds {problem}{where}")
        self.seen.add(name)
        return self.configuration.text(name)

    def take(self, name: str, key: str, value: Any, *, remark: str = "") -> None:
        """Set a key from a variable.

        Args:
            name: The variable.
            key: Dotted path of the key.
            value: As TOML has it.
            remark: What else there is to say.
        """
        self.put(key, value)
        self.note(Fate.TAKEN, name, f"{_dotted(key)} = {toml_value(value)}" + (f"; {remark}" if remark else ""))

    def put(self, key: str, value: Any) -> None:
        """Set a key without a word in the report."""
        *parents, last = key.split(".")
        table = self.tables
        for parent in parents:
            table = table.setdefault(parent, {})
        table[last] = value

    def take_secret(self, name: str, key: str, file_name: str) -> None:
        """Put a variable's value into a file and name the file in a key."""
        path = self._secret_directory / file_name
        self.put(key, str(path))
        self.secrets.append(Secret(path=path, text=self.configuration.secret(name)))
        self.note(Fate.TAKEN, name, f'{_dotted(key)} = "{path}", which holds it')

    def secret_path(self, file_name: str) -> PurePosixPath:
        """Return where a secret would go that the operator has to write."""
        return self._secret_directory / file_name

    def note(self, fate: Fate, subject: str, message: str) -> None:
        """Add to the report; a subject that is a variable brings its place along."""
        self.seen.update(subject.replace(",", " ").split())
        source = self.configuration.source(subject)
        self.notes.append(Note(fate=fate, subject=subject, message=message, source=source))

    def number(self, name: str, *, lowest: int, highest: int, default: str) -> int | None:
        """Return a whole number; anything else is noted as refused, and None is returned.

        Args:
            name: Of the variable.
            lowest: The least that makes sense.
            highest: The most.
            default: What holds instead, in words.
        """
        text = self.text(name)
        if not self.configuration.is_set(name) or self.configuration.problem(name):
            if self.configuration.variables.get(name) is not None and not self.configuration.problem(name):
                self.note(Fate.IGNORED, name, f"is empty; {default}")
            return None
        if text.isascii() and text.isdigit() and lowest <= int(text) <= highest:
            return int(text)
        self.note(Fate.IGNORED, name, f"is no whole number from {lowest} to {highest}; {default}")
        return None


def _dotted(key: str) -> str:
    section, _, name = key.rpartition(".")
    return f"[{section}] {name}"
