"""Masking secrets in text that programs and libraries produce."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Iterable

MASK = "***"
MINIMUM_SECRET_LENGTH = 4

_QUOTED = r"(?:'(?:[^'\\]|\\.|'')*'|\"(?:[^\"\\]|\\.|\"\")*\")"
_PATTERNS: tuple[tuple[re.Pattern[str], str], ...] = (
    # GRANT … IDENTIFIED BY [PASSWORD] '…', IDENTIFIED WITH plugin AS|BY '…', IDENTIFIED VIA plugin USING '…'
    (
        re.compile(rf"(\bIDENTIFIED\b[^'\"]*?\b(?:BY|PASSWORD|AS|USING)\b[\s(]*){_QUOTED}", re.IGNORECASE),
        rf"\1'{MASK}'",
    ),
    (re.compile(rf"(\bOR\s+\w+\s+USING\s+){_QUOTED}", re.IGNORECASE), rf"\1'{MASK}'"),
    (re.compile(rf"(\bPASSWORD\s*\(\s*){_QUOTED}", re.IGNORECASE), rf"\1'{MASK}'"),
    # mysql_native_password and caching_sha2_password hashes, wherever they stand
    (re.compile(r"\*[0-9A-F]{40}\b"), MASK),
    (re.compile(r"\$A\$\d{3}\$[^\s'\"]+"), MASK),
    # --password=…, password = … in an option file
    (re.compile(rf"(\bpassword\s*=\s*)(?!PASSWORD\s*\()(?:{_QUOTED}|[^\s'\"]+)", re.IGNORECASE), rf"\1{MASK}"),
    # scheme://user:password@host
    (re.compile(r"(\b[a-z][a-z0-9+.-]*://[^\s/:@]*:)[^\s/@]+@", re.IGNORECASE), rf"\1{MASK}@"),
)


class Redactor:
    """Mask known secrets, and what looks like one.

    A secret of fewer than four characters is left alone: it hides in any text, and masking it would mutilate the lines
    that decide over a backup ("completed OK!").
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        known = {form for secret in secrets if len(secret) >= MINIMUM_SECRET_LENGTH for form in _forms(secret)}
        # Longest first: a secret that contains another must go as a whole.
        self._secrets = tuple(sorted(known, key=len, reverse=True))

    def redact(self, text: str) -> str:
        """Return ``text`` with every secret replaced by a mask."""
        for secret in self._secrets:
            text = text.replace(secret, MASK)
        for pattern, replacement in _PATTERNS:
            text = pattern.sub(replacement, text)
        return text


def _forms(secret: str) -> tuple[str, ...]:
    """Return a secret as it may be spelt in SQL, in option files and in URLs."""
    escaped = secret.replace("\\", "\\\\")
    return (secret, escaped.replace('"', '\\"'), escaped.replace("'", "\\'"), quote(secret, safe=""))
