"""The JSON form of a notice: the same both ways, and nothing else is taken for one."""

from __future__ import annotations

import json
from typing import Any

import pytest

from octeth_backupd.domain.notices.notice import Notice, NoticeKind, notice_json, parse_notice, redacted_notice
from octeth_backupd.errors import MetadataError
from tests.fakes.notices import make_notice

FULL = make_notice(
    server="oempro",
    problem="failure:oempro",
    is_end=True,
    text='two\nlines, "quotes", 100 % & ü 日本',
    run_id="r1",
    backup_id="b1",
    facts=(("step", "backup"), ("error", "no space")),
    log_tail=("first", "last"),
)


@pytest.mark.parametrize("notice", [FULL, *(make_notice(kind) for kind in NoticeKind)], ids=lambda one: one.kind)
def test_notice_survives_its_json_form(notice: Notice) -> None:
    assert parse_notice(notice_json(notice)) == notice


def test_json_form_is_one_line_of_readable_text() -> None:
    text = notice_json(FULL)

    assert "\n" not in text
    assert "ü 日本" in text


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "nonsense"},
        {"severity": 1},
        {"is_end": "yes"},
        {"at": "2026-11-22T02:00:00"},
        {"facts": [["only-a-name"]]},
        {"log_tail": "one line"},
        {"more": "than known"},
        {"title": None},
    ],
)
def test_what_is_not_a_notice_is_refused(change: dict[str, Any]) -> None:
    document = json.loads(notice_json(FULL)) | change

    with pytest.raises(MetadataError, match=next(iter(change))):
        parse_notice(json.dumps(document))


@pytest.mark.parametrize("text", ["", "[]", "{}", "nonsense"])
def test_what_is_no_object_is_refused(text: str) -> None:
    with pytest.raises(MetadataError, match="the notice cannot be read"):
        parse_notice(text)


def test_a_fact_that_is_not_there_is_empty() -> None:
    assert (FULL.fact("step"), FULL.fact("hint")) == ("backup", "")


def test_every_text_that_may_quote_something_is_redacted() -> None:
    secret = "canary"
    notice = make_notice(title=secret, text=secret, facts=(("error", secret),), log_tail=("a", secret))

    masked = redacted_notice(notice, lambda text: text.replace(secret, "***"))

    assert secret not in notice_json(masked)
    assert (masked.notice_id, masked.log_tail) == (notice.notice_id, ("a", "***"))


def test_control_characters_of_programs_are_in_no_notice_and_hide_no_secret() -> None:
    said = "\x01one\x06\ttwo\x0c\r\n\x1b[1;31mred\x1b[0m \x9bhun\x00ter2 \x7fü"

    notice = redacted_notice(
        make_notice(title=said, text=said, facts=(("error", said),), log_tail=(said,)),
        lambda text: text.replace("hunter2", "***"),
    )

    clean = "one\ttwo\nred *** ü"
    assert (notice.title, notice.text, notice.fact("error"), notice.log_tail) == (clean, clean, clean, (clean,))
