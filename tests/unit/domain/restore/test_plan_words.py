"""The sentences of a plan."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from octeth_backupd.domain.restore.order import RestoreOrder
from octeth_backupd.domain.restore.plan_words import (
    accounts_words,
    age_words,
    downtime_words,
    old_data_words,
    order_warnings,
    rehearsal_words,
    site_warnings,
)
from octeth_backupd.domain.restore.site import DataState
from octeth_backupd.domain.restore.swap import Swap, SwapMethod
from octeth_backupd.domain.server import Vendor
from tests.fakes.sites import make_site

TAKEN_AT = datetime(2026, 11, 22, 2, tzinfo=UTC)
ORDER = RestoreOrder(backup_id="oempro-2026-11-22_02-00-00")
SWAP = Swap(role="data", live=Path("/opt/data"), room=Path("/opt/.room"), method=SwapMethod.EXCHANGE)


@pytest.mark.parametrize(
    ("minutes", "age"), [(5, "5 min ago"), (125, "2 h 5 min ago"), (3 * 1440 + 60, "3 d 1 h ago"), (-9, "0 min ago")]
)
def test_age_is_said_as_people_say_it(minutes: int, age: str) -> None:
    assert age in age_words(TAKEN_AT, TAKEN_AT + timedelta(minutes=minutes))


def test_a_rehearsal_names_its_image_and_its_absence_its_price() -> None:
    assert "image mysql:8.0" in rehearsal_words(make_site(), rehearse=True)
    assert "MySQL 8.0.36" in rehearsal_words(make_site(container=None), rehearse=True)
    assert "Left out" in rehearsal_words(make_site(), rehearse=False)


def test_accounts_are_those_of_the_backups_time() -> None:
    words = accounts_words("root", TAKEN_AT, ORDER)

    assert "as of 2026-11-22 02:00:00 UTC" in words
    assert "the old one" not in words


def test_an_old_password_is_tried_and_never_shown() -> None:
    words = accounts_words("root", None, RestoreOrder(old_password=SecretStr("canary")))

    assert "then the old one that was given" in words
    assert "canary" not in words


def test_without_rehearsal_nobody_tries_the_login() -> None:
    assert "nobody tries" in accounts_words("root", TAKEN_AT, RestoreOrder(rehearse=False))


def test_a_server_that_is_down_has_no_downtime_to_come() -> None:
    assert downtime_words(make_site(is_running=False)).startswith("The server is down now")
    assert "whatever the size" in downtime_words(make_site())


def test_the_old_data_has_a_size_a_place_and_a_time() -> None:
    words = old_data_words(make_site(), (SWAP,), size_bytes=1 << 30, hours=72)

    assert all(part in words for part in ("1.0 GiB", "in /opt, in a directory", "72 hours", "undo"))


def test_old_data_that_cannot_be_read_is_kept_all_the_same() -> None:
    words = old_data_words(make_site(), (SWAP,), size_bytes=None, hours=72)

    assert "size unknown" in words
    assert "kept as a safety copy" in words


def test_where_there_is_no_old_data_none_is_promised() -> None:
    assert (
        old_data_words(make_site(data_state=DataState.EMPTY), (SWAP,), size_bytes=0, hours=72) == "There is none now."
    )


@pytest.mark.parametrize(
    ("state", "is_answering", "parts"),
    [
        (DataState.PRESENT, True, []),
        (DataState.ABSENT, False, ["is not there", "nobody can promise"]),
        (DataState.EMPTY, False, ["is empty", "nobody can promise"]),
        (DataState.STRAY, False, ["Do not start the container", "nobody can promise"]),
    ],
)
def test_warnings_follow_from_the_present_state(state: DataState, is_answering: bool, parts: list[str]) -> None:
    found = site_warnings(make_site(data_state=state, is_answering=is_answering))

    assert len(found) == len(parts)
    assert all(part in warning for part, warning in zip(parts, found, strict=True))


def test_schemas_that_would_be_lost_or_are_missing_are_named() -> None:
    site = make_site(user_schemas=("oempro", "new"))

    lost, missing = order_warnings(site, ORDER, schemas=("oempro",), databases=("oempro", "gone"))

    assert lost.endswith("schema new.")
    assert missing.endswith("schema gone.")


def test_nothing_is_said_of_schemas_that_nobody_knows() -> None:
    assert order_warnings(make_site(), ORDER, schemas=None, databases=("oempro",)) == ()


def test_a_kept_uuid_means_nothing_to_mariadb() -> None:
    order = RestoreOrder(keep_server_uuid=True)

    assert "no effect" in order_warnings(make_site(vendor=Vendor.MARIADB), order, schemas=None, databases=())[0]
    assert order_warnings(make_site(), order, schemas=None, databases=()) == ()
