"""The only list of notifiers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from octeth_backupd.notifiers.apprise import AppriseNotifier
from octeth_backupd.notifiers.email import EmailNotifier
from octeth_backupd.notifiers.healthchecks import HealthchecksNotifier
from octeth_backupd.notifiers.redacted import RedactedNotifier
from octeth_backupd.notifiers.webhook import WebhookNotifier
from octeth_backupd.process.redaction import Redactor

if TYPE_CHECKING:
    from collections.abc import Mapping

    from octeth_backupd.notifiers.base import Notifier
    from octeth_backupd.notifiers.settings import NotifierSettings


def notifiers_for(
    settings: Mapping[str, NotifierSettings], *, redactor: Redactor, host_name: str
) -> dict[str, Notifier]:
    """Return the notifiers that the configuration names, by name; connects to nothing.

    Args:
        settings: Tables by name.
        redactor: Knows every secret of the configuration.
        host_name: This machine's.
    """
    return {
        name: RedactedNotifier(
            inner=_notifier(name, table, host_name), redactor=redactor, of_errors=Redactor(table.header_values)
        )
        for name, table in settings.items()
    }


def _notifier(name: str, settings: NotifierSettings, host_name: str) -> Notifier:
    match settings.kind:
        case "email":
            return EmailNotifier(name=name, settings=settings, host_name=host_name)
        case "webhook":
            return WebhookNotifier(name=name, settings=settings)
        case "healthchecks":
            return HealthchecksNotifier(name=name, settings=settings)
        case "apprise":
            return AppriseNotifier(name=name, settings=settings)
