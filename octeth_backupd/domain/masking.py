"""Secrets that a server shows in its variables or was given in its arguments, masked before anything is written."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

MASK = "********"

_SECRET_NAME = re.compile(r"passw(?:or)?d|pwd|passphrase|secret|token|credential|filekey|(?:^|_)auth$")
_HARMLESS_NAME = re.compile(
    r"""
    validate_password.* | caching_sha2_password_.* | sha256_password_.* | mysql_native_password.* |
    cracklib_password_check.* | simple_password_check.* | strict_password_validation | password_reuse_check.* |
    password_history | password_reuse_interval | password_require_current | default_password_lifetime |
    generated_random_password_length | disconnect_on_expired_password | max_password_errors | old_passwords |
    .*_token_size | secure_auth
    """,
    re.VERBOSE,
)
"""Rules about passwords, not passwords; a server set up from a manifest needs them."""

_ASSIGNMENT = re.compile(r"""(?P<name>[A-Za-z_][\w-]*)(?P<sign>\s*[=:]\s*)(?P<value>'[^']*'|"[^"]*"|[^\s;,&'"]+)""")
_URL_PASSWORD = re.compile(r"(?i)(\b[a-z][a-z0-9+.-]*://[^\s:/@]*:)([^\s/@]+)(?=@)")
_OPTION = re.compile(r"--(?P<name>[\w-]+)(?:=(?P<value>.*))?", re.DOTALL)
_OPTION_PREFIXES = re.compile(r"^(?:loose_|maximum_)+")


@lru_cache(maxsize=4096)  # a sync reads thousands of manifests, each with the same 600 variables
def may_hold_secret(name: str) -> bool:
    """Return whether a variable or option of this name may hold a secret; dashes and underscores are the same."""
    plain = _OPTION_PREFIXES.sub("", name.lower().replace("-", "_"))
    return _SECRET_NAME.search(plain) is not None and _HARMLESS_NAME.fullmatch(plain) is None


def mask_text(text: str) -> str:
    """Return a text with ``password=…`` and the password of a URL masked."""
    if "=" not in text and ":" not in text:
        return text  # neither pattern can fit
    return _ASSIGNMENT.sub(_mask_assignment, _URL_PASSWORD.sub(rf"\g<1>{MASK}", text))


def mask_variables(variables: Mapping[str, str]) -> dict[str, str]:
    """Return variables by name, those that may hold a secret masked; an empty value stays empty."""
    return {
        name: (MASK if value and may_hold_secret(name) else mask_text(value))
        for name, value in sorted(variables.items())
    }


def mask_arguments(arguments: Iterable[str]) -> tuple[str, ...]:
    """Return a program's arguments with ``--secret-option=value`` and ``--secret-option value`` masked."""
    masked: list[str] = []
    hide_next = False
    for argument in arguments:
        option = _OPTION.fullmatch(argument)
        if option is None:
            masked.append(MASK if hide_next and not argument.startswith("-") else mask_text(argument))
            hide_next = False
            continue
        secret = may_hold_secret(option["name"])
        value = option["value"]
        if value is None:
            masked.append(argument)
        else:
            masked.append(f"--{option['name']}={MASK if value and secret else mask_text(value)}")
        hide_next = secret and value is None
    return tuple(masked)


def _mask_assignment(match: re.Match[str]) -> str:
    secret = may_hold_secret(match["name"])
    return f"{match['name']}{match['sign']}{MASK}" if secret else match[0]
