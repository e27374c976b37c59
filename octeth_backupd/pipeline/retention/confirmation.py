"""Which policy an operator has confirmed: a change of policy or schedule expires nothing until one ``--apply``."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from octeth_backupd.catalog.store import Catalog
    from octeth_backupd.domain.retention.policy import RetentionPolicy

CONFIRMED_META = "retention_confirmed"
"""Holds the policy that was confirmed, as ``RetentionPolicy.canonical``; empty: backups came in that it never saw."""
UNCONFIRMED = (CONFIRMED_META, "")
"""What ``require_confirmation`` notes, for who notes it together with the backups that came in."""
_HOW = "Look at the plan (octeth-backupctl retention), then apply it once: octeth-backupctl retention --apply."


def why_unconfirmed(catalog: Catalog, policy: RetentionPolicy) -> str:
    """Return why nothing expires, empty when the policy in force is confirmed."""
    confirmed = catalog.meta(CONFIRMED_META)
    if confirmed == policy.canonical:
        return ""
    if not confirmed:
        return f"nothing expires yet: backups are here that were made under another policy. {_HOW}"
    return f"nothing expires: {', '.join(_changes(confirmed, policy.canonical))} changed since the last --apply. {_HOW}"


def confirm(catalog: Catalog, policy: RetentionPolicy) -> None:
    """Note that an operator wants this policy to be applied."""
    catalog.set_meta(CONFIRMED_META, policy.canonical)


def require_confirmation(catalog: Catalog) -> None:
    """Let nothing expire until an operator has looked: backups came in that this policy never saw."""
    catalog.set_meta(*UNCONFIRMED)


def confirm_if_there_is_nothing(catalog: Catalog, policy: RetentionPolicy) -> None:
    """Confirm the policy in force by itself while there is no backup that it could expire.

    Not after an import or a sync that asked for confirmation: what they bring may come in at any moment.
    """
    confirmed = catalog.meta(CONFIRMED_META)
    if confirmed not in {"", policy.canonical} and not catalog.backups(limit=1):
        confirm(catalog, policy)


def _changes(before: str, after: str) -> list[str]:
    try:
        old = json.loads(before)
        new = json.loads(after)
        names = [name.replace("_", " ") for name in new if old.get(name) != new[name]]
    except (ValueError, AttributeError):
        names = []
    return names or ["the policy"]
