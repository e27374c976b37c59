from __future__ import annotations

from typing import TYPE_CHECKING

from octeth_backupd.settings.layers import Layer, Merged

if TYPE_CHECKING:
    from collections.abc import Mapping


def merged(*layers: Mapping[str, object]) -> Merged:
    result = Merged()
    for number, values in enumerate(layers, start=1):
        result.put(Layer(source=f"source {number}", values=values))
    return result


def test_later_source_wins_key_by_key() -> None:
    result = merged({"a": {"x": 1, "y": 1}}, {"a": {"y": 2}, "b": 2})

    assert result.values == {"a": {"x": 1, "y": 2}, "b": 2}


def test_source_of_a_value_is_the_last_that_gave_it() -> None:
    result = merged({"a": {"x": 1, "y": 1}}, {"a": {"y": 2}})

    assert result.source_of(("a", "x")) == "source 1"
    assert result.source_of(("a", "y")) == "source 2"


def test_source_of_an_absent_key_is_that_of_its_table() -> None:
    result = merged({"a": {"x": 1}})

    assert result.source_of(("a", "missing")) == "source 1"
    assert result.source_of(("elsewhere",)) == ""


def test_value_in_place_of_a_table_takes_the_whole_table() -> None:
    result = merged({"a": {"x": 1}}, {"a": 5})

    assert result.values == {"a": 5}
    assert result.source_of(("a", "x")) == "source 2"


def test_stronger_secret_replaces_the_weaker_ones_file_and_the_other_way_round() -> None:
    assert merged({"s": {"password_file": "/x"}}, {"s": {"password": "p"}}).values == {"s": {"password": "p"}}
    assert merged({"s": {"password": "p"}}, {"s": {"password_file": "/x"}}).values == {"s": {"password_file": "/x"}}


def test_secret_and_file_of_one_source_are_both_kept_to_be_reported() -> None:
    both = {"password": "p", "password_file": "/x"}

    assert merged({"s": dict(both)}).values == {"s": both}
    assert merged({"s": {"user": "u"}}, {"s": dict(both)}).values == {"s": {"user": "u", **both}}


def test_source_is_not_changed_by_what_is_laid_over_it() -> None:
    first = {"a": {"x": 1}}

    merged(first, {"a": {"x": 2}})

    assert first == {"a": {"x": 1}}
