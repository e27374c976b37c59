"""Values survive their columns."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.dialects import sqlite

from octeth_backupd.catalog.columns import large_json, small_json, tiers, time_text, utc_time, wide_integer, word
from octeth_backupd.domain.backup import RunStatus, Tier
from tests.fakes.catalog_values import START

if TYPE_CHECKING:
    from octeth_backupd.catalog.columns import Stored

DIALECT = sqlite.dialect()
OFFSETS = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
ANY_TIME = st.builds(
    lambda microseconds, zone: (START + timedelta(microseconds=microseconds)).astimezone(zone),
    st.integers(-(10**15), 10**15),
    OFFSETS,
)
ANY_JSON = st.dictionaries(
    st.text(st.characters(exclude_categories=["Cs"])),
    st.none() | st.booleans() | st.integers() | st.text(st.characters(exclude_categories=["Cs"])),
)


def _there_and_back(column: Stored[Any], value: Any) -> Any:
    return column.process_result_value(column.process_bind_param(value, DIALECT), DIALECT)


@given(ANY_TIME)
def test_time_comes_back_as_the_same_moment_in_utc(at: datetime) -> None:
    back = _there_and_back(utc_time(), at)

    assert back == at
    assert back.tzinfo is UTC


@given(st.lists(ANY_TIME, min_size=2, max_size=5))
def test_times_sort_as_text_as_they_do_as_times(times: list[datetime]) -> None:
    assert [time_text(at) for at in sorted(times)] == sorted(time_text(at) for at in times)


def test_time_without_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        time_text(START.replace(tzinfo=None))


def test_time_is_stored_in_utc_with_its_fraction() -> None:
    at = datetime(2026, 11, 22, 3, 0, 0, 5, tzinfo=timezone(timedelta(hours=1)))

    assert time_text(at) == "2026-11-22T02:00:00.000005Z"


def test_unknown_word_is_an_error() -> None:
    with pytest.raises(ValueError, match="vanished"):
        word(RunStatus).process_result_value("vanished", DIALECT)


@given(st.sampled_from(RunStatus))
def test_word_comes_back_as_the_member(status: RunStatus) -> None:
    assert _there_and_back(word(RunStatus), status) is status


@given(st.frozensets(st.sampled_from(Tier)))
def test_tiers_come_back_as_the_same_set(value: frozenset[Tier]) -> None:
    assert _there_and_back(tiers(), value) == value


def test_tiers_are_stored_from_the_lowest_to_the_highest() -> None:
    stored = tiers().process_bind_param(frozenset({Tier.MONTHLY, Tier.DAILY, Tier.WEEKLY}), DIALECT)

    assert stored == '["daily", "weekly", "monthly"]'


@pytest.mark.parametrize("column", [small_json(), large_json()], ids=["small", "large"])
@given(value=ANY_JSON)
def test_json_comes_back_equal(column: Stored[Any], value: dict[str, Any]) -> None:
    assert _there_and_back(column, value) == value


def test_large_json_takes_a_fraction_of_its_text() -> None:
    manifest = {"variables": {f"innodb_variable_{i}": "ON" for i in range(600)}}

    assert len(large_json().process_bind_param(manifest, DIALECT)) < len(str(manifest)) / 4


def test_integer_of_64_bits_survives() -> None:
    assert _there_and_back(wide_integer(), 2**64 - 1) == 2**64 - 1


@pytest.mark.parametrize("column", [utc_time(), word(Tier), tiers(), small_json(), large_json(), wide_integer()])
def test_absent_value_stays_absent(column: Stored[Any]) -> None:
    assert _there_and_back(column, None) is None
