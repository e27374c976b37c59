"""Whether an error says that somebody was not let in: a password or key was refused, a certificate not believed.

Only the words of an error are left of it in the catalog; a test holds them against those that the storage backends and
servers use.
"""

from __future__ import annotations

from enum import StrEnum

_CREDENTIALS = (
    "access denied",
    "access key",
    "the secret does not belong",
    "session token",
    "no credentials",
    "credentials could not be had",
    "refused user",
)
_CERTIFICATE = ("no trusted connection", "certificate")


class Refusal(StrEnum):
    """Who was refused."""

    CREDENTIALS = "credentials"
    CERTIFICATE = "certificate"


def refusal_in(error: str) -> Refusal | None:
    """Return what an error says was refused; None when it is about something else."""
    text = error.lower()
    if any(words in text for words in _CERTIFICATE):
        return Refusal.CERTIFICATE
    return Refusal.CREDENTIALS if any(words in text for words in _CREDENTIALS) else None
