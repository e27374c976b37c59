"""What can be done with a restore that has a journal, but needs no server."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

import pytest
from pydantic import SecretStr

from octeth_backupd.domain.backup import RunStatus
from octeth_backupd.domain.restore.journal import Expected
from octeth_backupd.domain.restore.machine import State
from octeth_backupd.domain.restore.order import JournalOrder, RestoreOrder
from octeth_backupd.domain.restore.swap import Swap, SwapMethod, room_name
from octeth_backupd.domain.server import Mount
from octeth_backupd.errors import NotFoundError, RestoreError
from octeth_backupd.pipeline.restore import resolve as resolve_module
from octeth_backupd.pipeline.restore.resolve import _require_same_directories, remove_expired, resolve, undo
from octeth_backupd.pipeline.restore.swapping import make_rooms
from tests.fakes.power import FakePower
from tests.fakes.sites import make_container
from tests.unit.domain.restore.test_journal import JOURNAL

if TYPE_CHECKING:
    from pathlib import Path

    from octeth_backupd.domain.restore.journal import Journal
    from octeth_backupd.domain.server import ContainerFacts
    from octeth_backupd.pipeline.context import RunContext
    from octeth_backupd.pipeline.parts import Parts
    from tests.fakes.bench import Bench


@pytest.fixture
def power(monkeypatch: pytest.MonkeyPatch) -> FakePower:
    """The switch of every server."""
    power = FakePower()
    monkeypatch.setattr(resolve_module, "power_for", lambda *_, **__: power)
    return power


@pytest.fixture
def parts(bench: Bench) -> Parts:
    """One configuration."""
    return bench.parts()


def a_journal(tmp_path: Path, restore_id: str = "a", **changes: object) -> Journal:
    """Return a journal with a room that exists."""
    (tmp_path / "live").mkdir(exist_ok=True)
    swap = Swap(role="data", live=tmp_path / "live", room=tmp_path / room_name(restore_id), method=SwapMethod.EXCHANGE)
    make_rooms([swap])
    return replace(JOURNAL, restore_id=restore_id, swaps=(swap,), policy=None, **changes)  # type: ignore[arg-type]


def ordered(bench: Bench, restore_id: str = "a") -> RunContext:
    return replace(bench.context(), order=JournalOrder(restore_id=restore_id))


def test_a_staging_that_a_crash_interrupted_is_removed_and_the_server_not_touched(
    bench: Bench, parts: Parts, power: FakePower, tmp_path: Path
) -> None:
    journal = a_journal(tmp_path, state=State.STAGING)
    parts.journals.write(journal)

    result = resolve(ordered(bench), parts)

    assert result.detail["state"] == "aborted"
    assert "nothing of the server's data was changed" in result.detail["outcome"]
    assert not journal.swaps[0].room.exists()
    assert power.calls == []


@pytest.mark.parametrize(("login", "status"), [("configured", RunStatus.SUCCESS), ("old", RunStatus.DEGRADED)])
def test_a_finished_restore_after_which_the_daemon_cannot_log_in_is_degraded(
    bench: Bench, parts: Parts, power: FakePower, tmp_path: Path, login: str, status: RunStatus
) -> None:
    expected = Expected(login=login)
    parts.journals.write(a_journal(tmp_path, state=State.COMMITTED, has_swapped=True, expected=expected))

    result = resolve(ordered(bench), parts)

    assert (result.status, result.detail["state"]) == (status, "committed")
    assert power.calls == []


def test_a_restore_of_a_server_that_was_taken_out_of_the_configuration_is_told(
    bench: Bench, parts: Parts, tmp_path: Path
) -> None:
    parts.journals.write(a_journal(tmp_path, state=State.STAGING, server="gone"))

    with pytest.raises(RestoreError, match="gone is not in the configuration"):
        resolve(ordered(bench), parts)


def test_an_undo_without_a_safety_copy_is_refused(bench: Bench, parts: Parts, tmp_path: Path) -> None:
    parts.journals.write(a_journal(tmp_path, state=State.COMMITTED, has_swapped=True, removed_at=JOURNAL.created_at))

    with pytest.raises(NotFoundError, match="no safety copy"):
        undo(ordered(bench), parts)


def test_an_undo_while_another_restore_is_not_over_is_refused(
    bench: Bench, parts: Parts, power: FakePower, tmp_path: Path
) -> None:
    parts.journals.write(a_journal(tmp_path, state=State.COMMITTED, has_swapped=True))
    parts.journals.write(a_journal(tmp_path, "b", state=State.STOPPING, has_swapped=True))

    with pytest.raises(RestoreError, match="restore b of this server is not over: it is stopping"):
        undo(ordered(bench), parts)

    assert power.calls == []


def test_a_mount_by_way_of_a_symbolic_link_is_the_same_directory(tmp_path: Path) -> None:
    journal = a_journal(tmp_path, state=State.COMMITTED, has_swapped=True)
    (tmp_path / "link").symlink_to(tmp_path / "live")

    def mounting(source: Path) -> ContainerFacts:
        return make_container(mounts=(Mount(source=source, destination=PurePosixPath("/var/lib/mysql")),))

    _require_same_directories(mounting(tmp_path / "link"), journal)
    with pytest.raises(RestoreError, match="does not mount"):
        _require_same_directories(mounting(tmp_path / "other"), journal)


def test_an_undo_to_what_is_no_database_is_refused_before_the_server_is_stopped(
    bench: Bench, parts: Parts, power: FakePower, tmp_path: Path
) -> None:
    parts.journals.write(a_journal(tmp_path, state=State.COMMITTED, has_swapped=True))

    with pytest.raises(RestoreError, match="has no mysql/"):
        undo(ordered(bench), parts)

    assert power.calls == []


def test_only_safety_copies_whose_time_is_over_are_removed(bench: Bench, parts: Parts, tmp_path: Path) -> None:
    now = bench.clock.now()
    over = a_journal(tmp_path, "over", state=State.COMMITTED, has_swapped=True, expires_at=now)
    kept = a_journal(tmp_path, "kept", state=State.COMMITTED, has_swapped=True, expires_at=now + timedelta(hours=1))
    other = a_journal(tmp_path, "other", state=State.COMMITTED, has_swapped=True, expires_at=now, server="shop")
    for journal in (over, kept, other):
        parts.journals.write(journal)

    result = remove_expired(bench.context(), parts)

    assert result.detail == {"removed_safety_copies": ["over"]}
    assert [journal.swaps[0].room.exists() for journal in (over, kept, other)] == [False, True, True]
    assert parts.journals.get("over").removed_at == now


def test_an_order_of_another_kind_is_a_defect(bench: Bench, parts: Parts) -> None:
    context = replace(bench.context(), order=RestoreOrder(old_password=SecretStr("x")))

    with pytest.raises(RestoreError, match="no restore was named"):
        resolve(context, parts)
