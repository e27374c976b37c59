"""Every kind of the settings has its notifier, and its errors are masked."""

from __future__ import annotations

from typing import Any, get_args

import pytest

from octeth_backupd.errors import NotifyError
from octeth_backupd.notifiers.registry import notifiers_for
from octeth_backupd.notifiers.settings import NotifierSettings
from octeth_backupd.process.redaction import Redactor
from tests.environment.receivers import http_receiver
from tests.fakes.notices import make_notice

TABLES: dict[str, dict[str, Any]] = {
    "email": {"host": "127.0.0.1", "port": 1, "sender": "a@b.c", "recipients": ["d@e.f"]},
    "webhook": {"url": "http://127.0.0.1:1/canary"},
    "healthchecks": {"url": "http://127.0.0.1:1/canary"},
    "apprise": {"url": "json://127.0.0.1:1/canary"},
}


def test_every_kind_of_the_settings_is_there() -> None:
    assert set(get_args(NotifierSettings.model_fields["kind"].annotation)) == set(TABLES)


@pytest.mark.parametrize("kind", TABLES)
def test_a_table_becomes_its_notifier_whose_errors_are_masked(kind: str) -> None:
    settings = NotifierSettings.model_validate({"kind": kind, **TABLES[kind]})

    notifier = notifiers_for({"team": settings}, redactor=Redactor(["127.0.0.1", "canary"]), host_name="db1")["team"]

    assert (notifier.name, notifier.kind) == ("team", kind)
    assert notifier.limit_seconds >= 45
    with pytest.raises(NotifyError) as caught:
        notifier.send(make_notice())
    assert "127.0.0.1" not in str(caught.value)


def test_an_answer_that_quotes_a_header_shows_none_of_its_value() -> None:
    with http_receiver() as receiver:
        receiver.status, receiver.answer = 500, "X-Team: postoffice"
        table = {"kind": "webhook", "url": receiver.url("/x"), "headers": {"X-Team": "postoffice"}}
        settings = NotifierSettings.model_validate(table)
        notifier = notifiers_for({"hook": settings}, redactor=Redactor(settings.secrets), host_name="db1")["hook"]

        with pytest.raises(NotifyError) as caught:
            notifier.send(make_notice())

    assert caught.value.message.endswith("X-Team: ***")
