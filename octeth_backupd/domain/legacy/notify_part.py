"""Who is told: ``[notify.mail]`` and ``[notify.webhook]`` from the bash tool's mail and webhook variables."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from octeth_backupd.domain.legacy.report import Fate
from octeth_backupd.domain.notices.notice import NoticeKind

if TYPE_CHECKING:
    from octeth_backupd.domain.legacy.draft import Draft

MAIL_SECRET_FILE = "notify-mail.secret"  # noqa: S105 - the name of a file
WEBHOOK_SECRET_FILE = "notify-webhook.secret"  # noqa: S105 - likewise
LOCAL_MAIL = "localhost"
LOCAL_SENDER = "octeth-backupd@localhost"
ONLY_FAILURES = "NOTIFY_ON_FAILURE_ONLY"

_ADDRESS = re.compile(r"[^\s@<>,;:\"]+@[^\s@<>,;:\"]+")
_HOST = re.compile(r"[A-Za-z0-9][A-Za-z0-9.:-]*")
_TLS_PORT = 465
_HIGHEST_PORT = 65_535
_SMTP = ("EMAIL_FROM", "SMTP_HOST", "SMTP_PORT", "SMTP_USERNAME", "SMTP_PASSWORD", "SMTP_USE_TLS")
_MAIL = ("EMAIL_NOTIFICATIONS", "EMAIL_TO", "EMAIL_SUBJECT_SUCCESS", "EMAIL_SUBJECT_FAILURE", *_SMTP)
_WEBHOOK = ("WEBHOOK_ENABLED", "WEBHOOK_URL", "WEBHOOK_PAYLOAD_SUCCESS", "WEBHOOK_PAYLOAD_FAILURE")
_WITH_SUCCESS = [kind.value for kind in NoticeKind if kind not in {NoticeKind.START, NoticeKind.TEST}]


def translate_notifications(draft: Draft) -> None:
    """Write a notifier for each way in which the bash tool told of backups."""
    is_told = [
        _is_on(draft, "EMAIL_NOTIFICATIONS", _MAIL) and _mail(draft),
        _is_on(draft, "WEBHOOK_ENABLED", _WEBHOOK) and _webhook(draft),
    ]
    only_failures = draft.text(ONLY_FAILURES) == "true"
    for name, told in zip(("mail", "webhook"), is_told, strict=True):
        if told and not only_failures:
            draft.put(f"notify.{name}.on", _WITH_SUCCESS)
    draft.seen.add(ONLY_FAILURES)
    if not any(is_told):
        if draft.configuration.is_set(ONLY_FAILURES):
            draft.note(Fate.IGNORED, ONLY_FAILURES, "belongs to mail and webhooks, which were off")
    elif only_failures:
        draft.note(Fate.TAKEN, ONLY_FAILURES, "on is left out: everything is told but starts and successes")
    else:
        draft.note(Fate.TAKEN, ONLY_FAILURES, "on holds success, too")
    if any(is_told):
        draft.note(
            Fate.CHANGED, "notifications",
            "failed preflights and uploads, overdue backups, full disks and more are told now; the old tool was silent",
        )  # fmt: skip


def _is_on(draft: Draft, switch: str, names: tuple[str, ...]) -> bool:
    """Return whether a way to tell was on; say so of what was given for one that was off."""
    configuration = draft.configuration
    if draft.text(switch) == "true":
        return True
    if configuration.is_set(switch):
        remark = "" if configuration.text(switch) == "false" else ': only the exact word "true" was true'
        draft.note(Fate.IGNORED, switch, f"was off{remark}")
    given = [name for name in names if name != switch and configuration.is_set(name)]
    draft.seen.update(names)
    if given:
        draft.note(Fate.IGNORED, ", ".join(given), f"belong to what {switch} did not turn on")
    return False


def _mail(draft: Draft) -> bool:
    given = [text for text in re.split(r"[,;\s]+", draft.text("EMAIL_TO", instead="[notify.mail] recipients")) if text]
    recipients = [text for text in given if _ADDRESS.fullmatch(text)]
    draft.seen.update(_MAIL)
    if not recipients:
        draft.note(Fate.BY_HAND, "EMAIL_TO", "names no address; write [notify.mail] with recipients")
        return False
    draft.put("notify.mail.kind", "email")
    draft.take("EMAIL_TO", "notify.mail.recipients", recipients)
    if len(recipients) < len(given):
        draft.note(Fate.BY_HAND, "EMAIL_TO", "holds what is no address; look at [notify.mail] recipients")
    _sender(draft)
    _mail_server(draft)
    subjects = [name for name in _MAIL if name.startswith("EMAIL_SUBJECT_") and draft.configuration.is_set(name)]
    if subjects:
        draft.note(Fate.IGNORED, ", ".join(subjects), "each subject says what happened, and to which server")
    return True


def _sender(draft: Draft) -> None:
    sender = draft.text("EMAIL_FROM", instead="[notify.mail] sender")
    if _ADDRESS.fullmatch(sender):
        draft.take("EMAIL_FROM", "notify.mail.sender", sender)
        return
    draft.put("notify.mail.sender", LOCAL_SENDER)
    draft.note(Fate.BY_HAND, "EMAIL_FROM", f"names no address; [notify.mail] sender is {LOCAL_SENDER} for now")


def _mail_server(draft: Draft) -> None:
    host = draft.text("SMTP_HOST", instead="[notify.mail] host")
    if not _HOST.fullmatch(host):
        draft.put("notify.mail.host", LOCAL_MAIL)
        draft.put("notify.mail.security", "none")
        draft.note(
            Fate.CHANGED, "SMTP_HOST",
            f"is not set: mail goes to {LOCAL_MAIL} port 25, no more through the local mail program",
        )  # fmt: skip
        return
    draft.put("notify.mail.host", host)
    draft.note(Fate.REVIVED, "SMTP_HOST", f'[notify.mail] host = "{host}"; mail went out by the local mail program')
    port = draft.number("SMTP_PORT", lowest=1, highest=_HIGHEST_PORT, default="the usual port holds")
    if port is not None:
        draft.take("SMTP_PORT", "notify.mail.port", port)
    user = draft.text("SMTP_USERNAME", instead="[notify.mail] user")
    has_password = bool(draft.text("SMTP_PASSWORD", instead="[notify.mail] password_file"))
    draft.put("notify.mail.security", _security(draft, port, has_login=bool(user)))
    if user and has_password:
        draft.take("SMTP_USERNAME", "notify.mail.user", user)
        draft.take_secret("SMTP_PASSWORD", "notify.mail.password_file", MAIL_SECRET_FILE)
    elif user or has_password:
        draft.note(
            Fate.BY_HAND, "SMTP_USERNAME, SMTP_PASSWORD",
            "belong together: write user and password_file into [notify.mail]",
        )  # fmt: skip


def _security(draft: Draft, port: int | None, *, has_login: bool) -> str:
    """Return how the connection is encrypted: a password is never sent in the clear, whatever was asked for."""
    if port == _TLS_PORT:
        return "tls"
    if draft.text("SMTP_USE_TLS") != "false" or has_login:
        return "starttls"
    return "none"


def _webhook(draft: Draft) -> bool:
    url = draft.text("WEBHOOK_URL", instead="[notify.webhook] url_file")
    draft.seen.update(_WEBHOOK)
    if not re.fullmatch(r"https?://[^\s/]+\S*", url):
        draft.note(Fate.BY_HAND, "WEBHOOK_URL", "is no address that begins with https://; write [notify.webhook]")
        return False
    draft.put("notify.webhook.kind", "webhook")
    draft.take_secret("WEBHOOK_URL", "notify.webhook.url_file", WEBHOOK_SECRET_FILE)
    payloads = [name for name in _WEBHOOK if name.startswith("WEBHOOK_PAYLOAD_") and draft.configuration.is_set(name)]
    if payloads:
        draft.note(
            Fate.CHANGED, ", ".join(payloads),
            "the body is always JSON with status, message, timestamp, backup_size, error, and text for Slack",
        )  # fmt: skip
    return True
