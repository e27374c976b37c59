"""Builders for the tests of an import."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from octeth_backupd.domain.legacy.configuration import Configuration, read_configuration
from octeth_backupd.domain.legacy.draft import Draft
from octeth_backupd.domain.legacy.surroundings import Surroundings
from octeth_backupd.engines.extra_options import option_problem

if TYPE_CHECKING:
    from octeth_backupd.domain.legacy.report import Fate

SECRETS = PurePosixPath("/etc/octeth-backupd")


def configuration(env: str, conf: str | None = None) -> Configuration:
    """Return what the tool would have seen."""
    return read_configuration(env=(".env", env), conf=None if conf is None else ("backup.conf", conf))


def draft(env: str, conf: str | None = None) -> Draft:
    """Return an empty draft of a configuration."""
    return Draft(configuration(env, conf), secret_directory=SECRETS)


def around(**changes: Any) -> Surroundings:
    """Return a host of which nothing but the release is known."""
    values: dict[str, Any] = {
        "option_problem": option_problem,
        "sections": frozenset({"s3"}),
        "secret_directory": SECRETS,
    }
    return Surroundings(**(values | changes))


def said(found: Draft, fate: Fate) -> dict[str, str]:
    """Return the notes of one fate: subject → message."""
    return {note.subject: note.message for note in found.notes if note.fate is fate}
