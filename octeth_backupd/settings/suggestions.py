"""Guess what was meant by a word that does not exist."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from octeth_backupd.settings.keys import keys_of
from octeth_backupd.settings.problems import toml_path
from octeth_backupd.settings.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterable

LATER = {
    "encryption": "Encryption comes with a later release.",
    "drill": "Restore drills come with a later release.",
    "streamed": "Mode streamed comes with a later release; leave prepared, the default.",
}
"""Words of the design that this release does not know, each with what to do instead."""


def closest(word: str, choices: Iterable[str]) -> str:
    """Return the choice that a misspelt word most likely means, or an empty text."""
    found = difflib.get_close_matches(word, list(choices), n=1, cutoff=0.7)
    return found[0] if found else ""


def did_you_mean(word: str, choices: Iterable[str]) -> str:
    """Return a hint for a word that is none of the choices; lists them all where none is close."""
    if word in LATER:
        return LATER[word]
    known = tuple(choices)
    match = closest(word, known)
    if match:
        return f"Did you mean {match}?"
    return f"Known here: {', '.join(known)}." if known else ""


def hint_for_unknown_key(path: tuple[str | int, ...], siblings: tuple[str, ...]) -> str:
    """Return a hint for an unknown key: a close name at its place, or the table where a key of that name belongs."""
    word = str(path[-1])
    if word not in LATER and not closest(word, siblings):
        elsewhere = [toml_path(key.path) for key in keys_of(Settings) if key.path[-1] == word]
        if elsewhere:
            return f"Did you mean {' or '.join(elsewhere)}?"
    return did_you_mean(word, siblings)
