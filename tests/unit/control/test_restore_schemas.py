"""Bodies of requests about restores."""

from datetime import UTC, datetime

import pytest
from pydantic import ValidationError

from octeth_backupd.control.restore_schemas import ConfirmedRestoreWish, RestoreWish


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-22", datetime(2026, 11, 22, tzinfo=UTC)),
        ("2026-11-22T02:00:00", datetime(2026, 11, 22, 2, tzinfo=UTC)),
        ("2026-11-22T02:00:00Z", datetime(2026, 11, 22, 2, tzinfo=UTC)),
        ("2026-11-22T02:00:00+03:00", datetime(2026, 11, 21, 23, tzinfo=UTC)),
    ],
)
def test_a_time_without_a_zone_is_utc(text: str, expected: datetime) -> None:
    before = RestoreWish.model_validate({"backup": "latest", "before": text}).before

    assert before == expected
    assert before.utcoffset() == expected.utcoffset()


def test_a_wish_is_careful_unless_it_says_otherwise() -> None:
    wish = ConfirmedRestoreWish(backup="latest")

    assert wish.rehearse
    assert not (wish.force or wish.force_foreign or wish.keep_server_uuid or wish.cancel_running or wish.confirm)


@pytest.mark.parametrize("body", [{"forse": True}, {"old_password": ""}, {"before": "yesterday"}])
def test_what_is_misspelt_or_empty_is_refused(body: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        RestoreWish.model_validate({"backup": "latest", **body})


def test_the_old_password_is_not_in_what_is_shown_of_a_wish() -> None:
    wish = RestoreWish.model_validate({"backup": "latest", "old_password": "hunter2"})

    assert wish.old_password is not None
    assert wish.old_password.get_secret_value() == "hunter2"
    assert "hunter2" not in repr(wish) + wish.model_dump_json()
