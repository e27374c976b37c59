"""Mail and webhooks are taken over."""

from __future__ import annotations

from typing import Any

import pytest

from octeth_backupd.domain.legacy.draft import Draft
from octeth_backupd.domain.legacy.notify_part import translate_notifications
from octeth_backupd.domain.legacy.report import Fate
from octeth_backupd.notifiers.settings import NotifierSettings
from tests.unit.domain.legacy.build import draft, said

MAIL = "EMAIL_NOTIFICATIONS=true\nEMAIL_TO='dba@example.org, ops@example.org'\nEMAIL_FROM=backup@example.org\n"
SMTP = (
    "SMTP_HOST=mail.example.org\nSMTP_PORT=587\nSMTP_USERNAME=backup\nSMTP_PASSWORD=canary-hunter2\nSMTP_USE_TLS=true\n"
)
WEBHOOK = "WEBHOOK_ENABLED=true\nWEBHOOK_URL=https://hooks.example.org/T0/canary-token\n"


def translated(env: str) -> tuple[Draft, dict[str, Any]]:
    found = draft(env)
    translate_notifications(found)
    tables: dict[str, Any] = found.tables.get("notify", {})
    return found, tables


def valid(table: dict[str, Any]) -> NotifierSettings:
    """Return a table as the settings take it, its secret files read."""
    plain = {key: value for key, value in table.items() if not key.endswith("_file")}
    read = {"url_file": {"url": "https://hooks.example.org/x"}, "password_file": {"password": "p"}}
    for key in table:
        plain |= read.get(key, {})
    return NotifierSettings.model_validate(plain)


def test_mail_goes_by_the_server_that_was_configured_and_never_used() -> None:
    found, tables = translated(MAIL + SMTP)

    mail = valid(tables["mail"])
    assert (mail.kind, mail.host, mail.port, mail.security, mail.user) == (
        "email", "mail.example.org", 587, "starttls", "backup",
    )  # fmt: skip
    assert mail.recipients == ("dba@example.org", "ops@example.org")
    assert mail.sender == "backup@example.org"
    assert "SMTP_HOST" in said(found, Fate.REVIVED)


def test_mail_without_a_server_goes_to_the_local_one() -> None:
    found, tables = translated(MAIL)

    mail = valid(tables["mail"])
    assert (mail.host, mail.security, mail.smtp_port) == ("localhost", "none", 25)
    assert "local mail program" in said(found, Fate.CHANGED)["SMTP_HOST"]


def test_a_sender_that_is_not_set_is_to_be_written() -> None:
    found, tables = translated("EMAIL_NOTIFICATIONS=true\nEMAIL_TO=dba@example.org\n")

    assert valid(tables["mail"]).sender == "octeth-backupd@localhost"
    assert "EMAIL_FROM" in said(found, Fate.BY_HAND)


def test_a_webhook_is_taken_over_with_its_address_in_a_file() -> None:
    found, tables = translated(WEBHOOK + "WEBHOOK_PAYLOAD_FAILURE='{}'\n")

    assert valid(tables["webhook"]).kind == "webhook"
    assert tables["webhook"]["url_file"].endswith("notify-webhook.secret")
    assert [secret.text for secret in found.secrets] == ["https://hooks.example.org/T0/canary-token"]
    assert "WEBHOOK_PAYLOAD_FAILURE" in said(found, Fate.CHANGED)


@pytest.mark.parametrize(
    ("line", "has_success"),
    [("NOTIFY_ON_FAILURE_ONLY=true\n", False), ("NOTIFY_ON_FAILURE_ONLY=false\n", True), ("", True)],
)
def test_only_failures_is_the_usual_on_and_otherwise_success_is_told_too(line: str, has_success: bool) -> None:
    _, tables = translated(MAIL + WEBHOOK + line)

    for name in ("mail", "webhook"):
        kinds = valid(tables[name]).kinds
        assert ("success" in kinds) is has_success
        assert {"failure", "overdue", "recovery", "disk"} <= set(kinds)
        assert "start" not in kinds


def test_what_was_off_is_not_taken_over() -> None:
    found, tables = translated("EMAIL_NOTIFICATIONS=yes\nEMAIL_TO=a@b.c\nSMTP_HOST=h\nNOTIFY_ON_FAILURE_ONLY=true\n")

    assert tables == {}
    assert set(said(found, Fate.IGNORED)) == {"EMAIL_NOTIFICATIONS", "EMAIL_TO, SMTP_HOST", "NOTIFY_ON_FAILURE_ONLY"}


@pytest.mark.parametrize(
    ("env", "subject"),
    [
        ("EMAIL_NOTIFICATIONS=true\n", "EMAIL_TO"),
        ("EMAIL_NOTIFICATIONS=true\nEMAIL_TO=root\n", "EMAIL_TO"),
        (MAIL + "SMTP_HOST=h\nSMTP_USERNAME=u\n", "SMTP_USERNAME, SMTP_PASSWORD"),
        ("WEBHOOK_ENABLED=true\nWEBHOOK_URL=ftp://x\n", "WEBHOOK_URL"),
    ],
)
def test_what_is_missing_is_to_be_entered_by_hand(env: str, subject: str) -> None:
    found, tables = translated(env)

    assert subject in said(found, Fate.BY_HAND)
    for table in tables.values():
        valid(table)


def test_a_password_is_never_sent_in_the_clear_and_is_in_no_report() -> None:
    found, tables = translated(MAIL + SMTP.replace("SMTP_USE_TLS=true", "SMTP_USE_TLS=false") + WEBHOOK)

    assert tables["mail"]["security"] == "starttls"
    assert "canary" not in str(found.notes) + str(tables)


@pytest.mark.parametrize(("lines", "security"), [("SMTP_PORT=465\n", "tls"), ("SMTP_USE_TLS=false\n", "none")])
def test_the_encryption_follows_port_and_switch(lines: str, security: str) -> None:
    _, tables = translated(f"{MAIL}SMTP_HOST=h\n{lines}")

    assert valid(tables["mail"]).security == security
