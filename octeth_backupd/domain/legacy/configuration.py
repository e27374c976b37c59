"""The bash tool's configuration as it saw it itself: ``.env``, then what ``backup.conf`` assigns over it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from octeth_backupd.domain.legacy.shell_values import Reading, Unread, Variable, read_script
from octeth_backupd.domain.legacy.shell_words import Reference, Text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from octeth_backupd.domain.legacy.shell_statements import Assignment

PROVIDER = "CLOUD_STORAGE_PROVIDER"
OLD_SWITCH = "S3_UPLOAD_ENABLED"
_PLACEHOLDERS = frozenset(
    {
        "your_root_password_here", "your_mysql_password_here", "mysql_root_password", "your-account-id",
        "my-octeth-backups", "s3://your-s3-bucket-name", "your-access-key-id", "your-secret-access-key", "your-region",
        "your_app_password", "your_email@gmail.com", "smtp.gmail.com", "octeth-backup@example.com",
        "admin@example.com,backup-admin@example.com", "https://hooks.example.com/backup-status",
    }
)  # fmt: skip
"""What the templates hold for an operator to replace: nothing was set where one of these still stands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """Every variable that the bash tool had, as far as it is certain.

    Attributes:
        overruled: Variables of ``.env`` that had no effect because ``backup.conf`` assigns another value → where.
        unread: Places of the two files that were not followed.
    """

    variables: Mapping[str, Variable]
    overruled: Mapping[str, str]
    unread: tuple[Unread, ...]

    def text(self, name: str) -> str:
        """Return a value; empty where it is not set, is a template's placeholder or is not certain."""
        variable = self.variables.get(name)
        text = "" if variable is None or variable.text is None else variable.text.strip()
        return "" if text in _PLACEHOLDERS else text

    def secret(self, name: str) -> str:
        """Return the same with the blanks at its start and end, which belong to a password."""
        variable = self.variables.get(name)
        return variable.text or "" if variable is not None and self.text(name) else ""

    def is_placeholder(self, name: str) -> bool:
        """Return whether a variable still is what the template had."""
        variable = self.variables.get(name)
        return variable is not None and variable.text in _PLACEHOLDERS

    def is_set(self, name: str) -> bool:
        """Return whether a variable was given anything, be it a value that is not certain."""
        variable = self.variables.get(name)
        return variable is not None and variable.text != "" and not self.is_placeholder(name)

    def problem(self, name: str) -> str:
        """Return why a value is not certain; empty where it is, or is not set."""
        variable = self.variables.get(name)
        return "" if variable is None else variable.problem

    def source(self, name: str) -> str:
        """Return ``file:line`` of a variable; empty where it is not set."""
        variable = self.variables.get(name)
        return "" if variable is None else variable.source


def read_configuration(*, env: tuple[str, str], conf: tuple[str, str] | None) -> Configuration:
    """Return what the bash tool's scripts would have seen.

    Args:
        env: Name and text of ``.env``.
        conf: Name and text of ``backup.conf``; None where there is none.
    """
    first = read_script(env[1], file=env[0])
    variables = _with_old_switch(first.variables)
    if conf is None:
        return Configuration(variables=variables, overruled={}, unread=first.unread)
    second = read_script(conf[1], file=conf[0], before=variables, settled=_is_old_switch)
    return Configuration(
        variables=second.variables,
        overruled=_overruled(first, second),
        # Under a condition the shipped backup.conf looks for .env and complains; that has been done here.
        unread=(*first.unread, *(place for place in second.unread if not place.is_conditional)),
    )


def _with_old_switch(variables: Mapping[str, Variable]) -> dict[str, Variable]:
    """Apply ``S3_UPLOAD_ENABLED`` of version 1.0: it decides only where nothing names a provider."""
    found = dict(variables)
    provider, switch = found.get(PROVIDER), found.get(OLD_SWITCH)
    if switch is None or switch.text == "" or (provider is not None and provider.text != ""):
        return found
    text = None if switch.text is None else ("s3" if switch.text == "true" else "none")
    found[PROVIDER] = Variable(text=text, source=switch.source, problem=switch.problem)
    return found


def _is_old_switch(assignment: Assignment) -> bool:
    """Return whether an assignment is the one by which the shipped ``backup.conf`` applies the old switch."""
    if assignment.name != PROVIDER:
        return False
    match assignment.value:
        case (Text(text="s3" | "none"),) | (Reference(name="CLOUD_STORAGE_PROVIDER", default="s3" | "none"),):
            return True
        case _:
            return False


def _overruled(first: Reading, second: Reading) -> dict[str, str]:
    return {
        name: variable.source
        for name, variable in first.variables.items()
        if (last := second.variables.get(name)) is not None and last.text != variable.text and name != PROVIDER
    }
