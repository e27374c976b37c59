"""Settings of notifiers: keys fit their kind, and what is secret is known part by part."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from octeth_backupd.domain.notices.notice import NoticeKind
from octeth_backupd.notifiers.settings import NotifierSettings, secret_parts
from tests.fakes.notices import make_notice

MAIL: dict[str, Any] = {"kind": "email", "host": "smtp.example.com", "sender": "a@b.c", "recipients": ["d@e.f"]}
HOOK: dict[str, Any] = {"kind": "webhook", "url": "https://hooks.example.com/T0/abcdefghijklmnop"}
PING: dict[str, Any] = {"kind": "healthchecks", "url": "https://hc.example.com/0123456789abcdef"}


def test_a_dead_man_switch_hears_of_every_run_and_others_of_what_is_wrong() -> None:
    ping, mail = NotifierSettings.model_validate(PING), NotifierSettings.model_validate(MAIL)

    assert ping.kinds == (NoticeKind.START, NoticeKind.SUCCESS, NoticeKind.DEGRADED, NoticeKind.FAILURE)
    assert {NoticeKind.START, NoticeKind.SUCCESS, NoticeKind.TEST} == set(NoticeKind) - set(mail.kinds)


@pytest.mark.parametrize(
    ("servers", "server", "is_wanted"),
    [([], "oempro", True), (["oempro"], "oempro", True), (["oempro"], "shop", False), (["oempro"], "", True)],
)
def test_a_notifier_may_be_for_some_servers_and_hears_of_the_installation(
    servers: list[str], server: str, is_wanted: bool
) -> None:
    ping = NotifierSettings.model_validate({**PING, "servers": servers})

    assert ping.wants(make_notice(NoticeKind.FAILURE, server=server)) is is_wanted
    assert not ping.wants(make_notice(NoticeKind.HOLD, server=server))


def test_a_kind_of_notice_that_there_is_not_is_refused_with_those_there_are() -> None:
    with pytest.raises(ValidationError, match="Known are start, success, degraded, failure") as caught:
        NotifierSettings.model_validate({**MAIL, "on": ["success", "failures"]})

    assert "test" not in caught.value.errors()[0]["msg"]


def test_events_that_are_named_take_the_place_of_the_defaults() -> None:
    assert NotifierSettings.model_validate({**MAIL, "on": ["success"]}).kinds == (NoticeKind.SUCCESS,)


@pytest.mark.parametrize(("security", "port"), [("starttls", 587), ("tls", 465), ("none", 25)])
def test_port_follows_the_encryption(security: str, port: int) -> None:
    assert NotifierSettings.model_validate({**MAIL, "security": security}).smtp_port == port


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({**MAIL, "url": "https://x/y"}, "url does not belong"),
        ({**HOOK, "recipients": ["a@b.c"]}, "recipients does not belong"),
        ({**PING, "headers": {"a": "b"}}, "headers does not belong"),
        ({"kind": "email", "host": "h"}, "needs sender, recipients"),
        ({"kind": "webhook"}, "needs url"),
        ({**HOOK, "url": "ftp://x/y"}, "must begin with https"),
        ({**HOOK, "url": "https:///y"}, "must begin with https"),
        ({**HOOK, "url": "https://x/a b"}, "must be an address"),
        ({**MAIL, "user": "u"}, "belong together"),
        ({**MAIL, "user": "u", "password": "p", "security": "none"}, "never sent unencrypted"),
        ({**MAIL, "recipients": ["a@b.c, d@e.f"]}, "one in each text"),
        ({**MAIL, "sender": "a@b.c\nBcc: x@y.z"}, "one in each text"),
        ({**MAIL, "host": "smtp.example.com:25/x"}, "host name"),
        ({**MAIL, "on": ["test"]}, "leave it out"),
        ({**MAIL, "on": ["nonsense"]}, "kind of notice that there is not"),
        ({**HOOK, "headers": {"a b": "c"}}, "no header"),
        ({**HOOK, "headers": {"a": "b\r\nc: d"}}, "no header"),
    ],
)
def test_what_makes_no_sense_is_refused_in_words(values: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        NotifierSettings.model_validate(values)


def test_secrets_are_known_whole_and_in_the_parts_that_libraries_show() -> None:
    hook = NotifierSettings.model_validate(
        {**HOOK, "headers": {"Authorization": "Bearer s3cr3t-token"}, "signing_secret": "sign"}
    )

    assert set(hook.secrets) == {
        "sign",
        "Bearer s3cr3t-token",
        "s3cr3t-token",
        "https://hooks.example.com/T0/abcdefghijklmnop",
        "T0/abcdefghijklmnop",
        "abcdefghijklmnop",
    }


def test_a_word_in_a_header_is_no_secret_of_the_whole_installation() -> None:
    headers = {"X-Team": "mail", "X-Server": "oempro", "X-Host": "the backup server"}
    hook = NotifierSettings.model_validate({**HOOK, "headers": headers})

    assert set(hook.secrets) & {"mail", "oempro", "the backup server", "backup server"} == {
        "the backup server",
        "backup server",
    }
    assert hook.header_values == ("mail", "oempro", "the backup server")


@pytest.mark.parametrize(
    "name",
    [
        "authorization",
        "Proxy-Authorization",
        "Cookie",
        "X-Api-Key",
        "X-Auth",
        "X-Gitlab-Token",
        "Client-Secret",
        "X-Access",
        "X-Signature",
        "X-Pin",
    ],
)
def test_a_header_for_credentials_holds_a_secret_however_short(name: str) -> None:
    assert "s3cr" in NotifierSettings.model_validate({**HOOK, "headers": {name: "s3cr"}}).secrets


def test_a_value_that_names_its_scheme_holds_a_secret_whatever_the_header() -> None:
    assert "tok1" in NotifierSettings.model_validate({**HOOK, "headers": {"X-Hook": "Bearer tok1"}}).secrets


@pytest.mark.parametrize(
    ("url", "parts"),
    [
        ("https://user:p%40ss@h.example.com/x", {"p%40ss", "p@ss"}),
        ("tgram://123456789:AAbbccddeeffgghh/42", {"AAbbccddeeffgghh"}),
        ("https://kuma.example.com/api/push/abcdefghijkl?status=up", {"abcdefghijkl"}),
        ("https://h.example.com/?token=abcdefghijklmn", {"abcdefghijklmn"}),
        ("mailto://user:pass@[bad", {"mailto://user:pass@[bad"}),
    ],
)
def test_tokens_and_passwords_of_addresses_are_secret(url: str, parts: set[str]) -> None:
    assert parts <= set(secret_parts(url))


def test_host_names_are_not_secret() -> None:
    assert "hooks.example.com" not in secret_parts(HOOK["url"])
    assert secret_parts("") == ()


def test_nothing_secret_is_in_the_representation() -> None:
    hook = NotifierSettings.model_validate({**HOOK, "headers": {"A": "canary-header"}, "signing_secret": "canary-sign"})

    assert "canary" not in repr(hook)
    assert "abcdefghijklmnop" not in repr(hook)
