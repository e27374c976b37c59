"""Which copy of a backup is read."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from octeth_backupd.domain.backup import CopyState
from octeth_backupd.domain.holdings import Proof, ProofLevel
from octeth_backupd.pipeline.restore.copy_choice import choose_copy
from tests.fakes.catalog_values import START, make_backup
from tests.fakes.unsteady_storage import UnsteadyStorage

if TYPE_CHECKING:
    from octeth_backupd.domain.backup import Backup
    from octeth_backupd.domain.restore.plan import Refusal
    from octeth_backupd.pipeline.restore.copy_choice import ChosenCopy
    from tests.fakes.bench import Bench

REMOTE = ("a", "b", "c")


class Copies:
    """A backup with a copy on this host and in three remote storages, all of them whole."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        states = dict.fromkeys(("local", *REMOTE), CopyState.PRESENT)
        self.backup = make_backup(copies=states)
        self.key = self.backup.copies[0].key
        self.remote = {name: UnsteadyStorage(name) for name in REMOTE}
        for storage in self.remote.values():
            storage.files[self.key] = bytes(2_000)
        self.local = bench.backups / self.key
        self.local.parent.mkdir(parents=True)
        self.local.write_bytes(bytes(2_000))
        bench.catalog.add_backup(self.backup)

    def change(self, storage: str, **fields: object) -> None:
        copies = tuple(
            replace(copy, **fields) if copy.storage == storage else copy  # type: ignore[arg-type]
            for copy in self.backup.copies
        )
        self.backup = replace(self.backup, copies=copies)

    def choose(self, **options: object) -> tuple[ChosenCopy | None, tuple[Refusal, ...]]:
        parts = self.bench.parts(storages=(self.bench.storage, *self.remote.values()))
        return choose_copy(self.backup, parts, **options)  # type: ignore[arg-type]

    def chosen(self, **options: object) -> ChosenCopy:
        chosen, refusals = self.choose(**options)
        assert chosen is not None, refusals
        return chosen

    def refusal(self, **options: object) -> Refusal:
        chosen, [refusal] = self.choose(**options)
        assert chosen is None
        return refusal


@pytest.fixture
def copies(bench: Bench) -> Copies:
    return Copies(bench)


def test_what_is_on_this_host_comes_first_although_others_were_read_back(copies: Copies) -> None:
    copies.change("a", verified_at=START)

    assert copies.chosen().copy.storage == "local"
    assert [storage.asked for storage in copies.remote.values()] == [[], [], []]


def test_of_remote_copies_one_that_was_read_back_comes_first_then_one_that_was_confirmed(copies: Copies) -> None:
    copies.local.unlink()
    copies.change("c", verified_at=START + timedelta(hours=1))
    copies.bench.catalog.holdings.add_proof(
        Proof(backup_id=copies.backup.backup_id, level=ProofLevel.STORED, storage="b", proven_at=START)
    )

    first, second, third = copies.chosen(), copies.chosen(passed_over={"c"}), copies.chosen(passed_over={"b", "c"})

    assert [found.copy.storage for found in (first, second, third)] == ["c", "b", "a"]
    assert "read back and found right at 2026-11-22 03:00 UTC" in first.reason
    assert "confirmed by the storage" in second.reason
    assert "never read back since it was made" in third.reason


def test_the_reason_says_what_is_wrong_with_the_copies_that_would_have_come_first(copies: Copies) -> None:
    copies.local.write_bytes(b"cut")
    copies.remote["a"].is_away = True

    chosen = copies.chosen()

    assert chosen.copy.storage == "b"
    assert chosen.reason.startswith("in a remote storage, ")
    assert "the copy in local has 3 bytes instead of 2000" in chosen.reason
    assert "the copy in a cannot be read: a does not answer" in chosen.reason


def test_a_retained_copy_is_read_like_any_other(copies: Copies) -> None:
    copies.change("local", state=CopyState.RETAINED)

    assert copies.chosen().copy.storage == "local"


@pytest.mark.parametrize("state", [CopyState.CORRUPT, CopyState.MISSING])
def test_a_doubtful_copy_is_read_when_nothing_better_is_there(copies: Copies, state: CopyState) -> None:
    copies.change("local", state=state)

    assert copies.chosen().copy.storage == "a"
    last = copies.chosen(passed_over=REMOTE)
    assert last.copy.storage == "local"
    assert f"tried although it is {state}" in last.reason


def test_a_copy_in_a_slow_class_is_refused_with_what_to_do(copies: Copies) -> None:
    copies.remote["a"].archived.add(copies.key)

    refusal = copies.refusal(only="a")

    assert refusal.code == "archived_copy"
    assert "the copy in a is archived (GLACIER)" in refusal.message
    assert refusal.hint.endswith("To read this one: Bring it back first.")


def test_a_command_of_a_hint_keeps_a_line_of_its_own(copies: Copies, monkeypatch: pytest.MonkeyPatch) -> None:
    copies.local.unlink()
    copies.remote["a"].is_away = copies.remote["b"].is_away = copies.remote["c"].is_away = True
    monkeypatch.setattr(copies.remote["a"], "hint", "Bring it back:\naws s3api restore-object")

    sentences, command = copies.refusal().hint.split("\n")

    assert command == "aws s3api restore-object"
    assert "Bring it back: Is the network of b up? Is the network of c up?" in sentences


def test_a_copy_in_a_slow_class_gives_way_to_one_that_can_be_read(copies: Copies) -> None:
    copies.local.unlink()
    copies.remote["a"].archived.add(copies.key)

    chosen = copies.chosen()

    assert chosen.copy.storage == "b"
    assert "the copy in a is archived" in chosen.reason


def test_a_copy_that_was_brought_back_between_two_questions_is_read(
    copies: Copies, monkeypatch: pytest.MonkeyPatch
) -> None:
    stat = copies.remote["a"].stat
    monkeypatch.setattr(copies.remote["a"], "stat", lambda key: replace(stat(key), is_archived=True))

    assert copies.chosen(only="a").copy.storage == "a"


def test_when_there_is_none_every_copy_is_named_with_its_reason_and_what_to_do(copies: Copies) -> None:
    copies.local.unlink()
    copies.remote["a"].is_away = True
    del copies.remote["b"]
    copies.change("c", state=CopyState.PENDING, detail="waits for its upload")

    refusal = copies.refusal()

    assert refusal.code == "no_copy"
    for words in (
        "the copy in local cannot be read: no file",
        "the copy in a cannot be read: a does not answer",
        "the copy in b is out of reach",
        "the copy in c is pending (waits for its upload)",
    ):
        assert words in refusal.message
    assert "Is the network of a up?" in refusal.hint
    assert "Write [storages.b] into the configuration again" in refusal.hint
    assert "--file PATH" in refusal.hint


def test_a_backup_without_copies_is_told_as_such(bench: Bench) -> None:
    backup: Backup = make_backup(copies={})

    _, [refusal] = choose_copy(backup, bench.parts())

    assert "none is known" in refusal.message
