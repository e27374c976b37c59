"""A change of the policy expires nothing until an operator confirms it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from octeth_backupd.pipeline.retention.confirmation import (
    CONFIRMED_META,
    confirm,
    confirm_if_there_is_nothing,
    require_confirmation,
    why_unconfirmed,
)

if TYPE_CHECKING:
    from tests.fakes.bench import Bench
    from tests.fakes.shelf import Shelf


def test_new_installation_confirms_its_policy_by_itself(bench: Bench) -> None:
    policy = bench.parts().retention
    assert why_unconfirmed(bench.catalog, policy)

    confirm_if_there_is_nothing(bench.catalog, policy)

    assert why_unconfirmed(bench.catalog, policy) == ""


def test_policy_is_changed_freely_before_there_is_a_backup_and_not_afterwards(shelf: Shelf) -> None:
    catalog, policy = shelf.bench.catalog, shelf.parts.retention
    other = replace(policy, keep_manual_days=30)

    confirm_if_there_is_nothing(catalog, other)
    assert why_unconfirmed(catalog, other) == ""

    shelf.nights(1)
    confirm_if_there_is_nothing(catalog, policy)
    assert "keep manual days changed since the last --apply" in why_unconfirmed(catalog, policy)


def test_takeover_is_confirmed_by_nobody_but_an_operator(bench: Bench) -> None:
    policy = bench.parts().retention
    require_confirmation(bench.catalog)

    confirm_if_there_is_nothing(bench.catalog, policy)
    assert "made under another policy" in why_unconfirmed(bench.catalog, policy)

    confirm(bench.catalog, policy)
    assert why_unconfirmed(bench.catalog, policy) == ""


def test_unreadable_text_counts_as_another_policy(bench: Bench) -> None:
    bench.catalog.set_meta(CONFIRMED_META, "from another release")

    assert "nothing expires: the policy changed" in why_unconfirmed(bench.catalog, bench.parts().retention)


def test_changed_schedule_must_be_confirmed_too(bench: Bench) -> None:
    policy = bench.parts().retention
    confirm(bench.catalog, policy)

    changed = replace(policy, schedules={"daily": "0 3 * * *"})

    assert "schedules changed" in why_unconfirmed(bench.catalog, changed)
