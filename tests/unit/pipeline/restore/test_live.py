"""The dangerous part of a restore over real directories, a switch in memory, and deaths at every step."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import pytest

from octeth_backupd.domain.restore.journal import Journal, RestartPolicy
from octeth_backupd.domain.restore.machine import Event, State
from octeth_backupd.domain.restore.swap import Swap, SwapMethod, room_name
from octeth_backupd.errors import CancelledError, DockerError, RestoreError, ServerStillRunningError, SpaceError
from octeth_backupd.pipeline.restore import live as live_module
from octeth_backupd.pipeline.restore import live_server as live_server_module
from octeth_backupd.pipeline.restore.journals import Journals
from octeth_backupd.pipeline.restore.live import LiveRestore, RestoreStuckError
from octeth_backupd.pipeline.restore.swapping import adopt_aside, make_rooms, swap_back
from octeth_backupd.pipeline.step_runner import StepRunner
from tests.fakes.power import FakePower

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.fakes.bench import Bench

RUN = "20261122-120000-abcdef"
ALWAYS = RestartPolicy(name="always")
OLD = {"mysql/user.ibd": "old", "oempro/t.ibd": "old rows", "auto.cnf": "old uuid"}
NEW = {"mysql/user.ibd": "new", "oempro/t.ibd": "new rows"}


class Death(BaseException):
    """The daemon ends here and now."""


@dataclass(kw_only=True)
class Scene:
    """A server with a staged restore, and who may die or refuse when."""

    bench: Bench
    root: Path
    method: SwapMethod
    power: FakePower = field(default_factory=FakePower)
    ready_error: list[Exception] = field(default_factory=list)
    gate_error: list[Exception] = field(default_factory=list)
    dies_at: int = 0
    acts: int = 0

    def __post_init__(self) -> None:
        lay(self.live_directory, OLD)

    @property
    def live_directory(self) -> Path:
        return self.root / "data"

    def act(self) -> None:
        """Count one thing done; die when it is the one to die at."""
        self.acts += 1
        if self.acts == self.dies_at:
            raise Death

    def journal(self) -> Journal:
        where = self.live_directory if self.method is SwapMethod.ENTRIES else self.root
        swap = Swap(role="data", live=self.live_directory, room=where / room_name(RUN), method=self.method)
        return Journal(
            restore_id=RUN,
            installation_id="i" * 32,
            server="oempro",
            swaps=(swap,),
            created_at=self.bench.clock.now(),
        )

    def restore(self) -> LiveRestore:
        """Return a restore whose journal says "staging"."""
        live = self.driver(self.journal())
        live.begin(live.journal)
        make_rooms(live.journal.swaps)
        lay(live.journal.swaps[0].incoming, NEW)
        return live

    def driver(self, journal: Journal) -> LiveRestore:
        context = self.bench.context_of_same_run()
        return LiveRestore(
            context=context,
            parts=self.bench.parts(),
            steps=StepRunner(context),
            server=self.bench.server,
            power=self.power,
            logins=(),
            journal=journal,
        )

    def staged(self, live: LiveRestore, **changes: Any) -> None:
        live.go_on(
            Event.DONE,
            **dict[str, Any](policy=self.power.policy, was_running=self.power.running, was_answering=True) | changes,
        )

    def on_disk(self) -> Journal:
        return self.bench.parts().journals.get(RUN)

    def files(self) -> dict[str, str]:
        return {
            str(path.relative_to(self.live_directory)): path.read_text()
            for path in sorted(self.live_directory.rglob("*"))
            if path.is_file() and not path.relative_to(self.live_directory).parts[0].startswith(".octeth")
        }

    def rooms(self) -> list[str]:
        return [path.name for path in self.root.rglob(".octeth-backupd-*")]


def lay(directory: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        (directory / name).write_text(text)


@pytest.fixture(params=list(SwapMethod))
def scene(request: pytest.FixtureRequest, bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Scene:
    """A running server; what is asked of it over SQL is answered by the scene."""
    bench.context()
    scene = Scene(bench=bench, root=tmp_path / "mysql", method=request.param)

    def ready(*_: object, **__: object) -> None:
        scene.act()
        if scene.ready_error and scene.files().get("oempro/t.ibd") == "new rows":
            raise scene.ready_error[0]

    def gate(*_: object, **__: object) -> tuple[str, ...]:
        scene.act()
        lay(scene.live_directory, {"auto.cnf": "new uuid"})
        if scene.gate_error:
            raise scene.gate_error[0]
        return ("a note",)

    monkeypatch.setattr(live_server_module, "wait_until_ready", ready)
    monkeypatch.setattr(live_module, "pass_gate", gate)
    monkeypatch.setattr("octeth_backupd.pipeline.restore.live.time.sleep", lambda _seconds: None)
    for name in ("fence", "unfence", "stop", "end", "start"):
        monkeypatch.setattr(scene.power, name, counted(scene, getattr(scene.power, name)))
    for name in ("swap_in", "swap_back", "remove_rooms"):
        monkeypatch.setattr(live_module, name, counted(scene, getattr(live_module, name)))
    return scene


def counted(scene: Scene, action: Any) -> Any:
    """Return an action before and after which the scene may die."""

    def counting(*arguments: Any, **keywords: Any) -> Any:
        scene.act()
        result = action(*arguments, **keywords)
        scene.act()
        return result

    return counting


def test_a_restore_ends_on_the_new_data_and_keeps_the_old(scene: Scene) -> None:
    live = scene.restore()
    scene.staged(live)

    journal = live.finish()

    assert journal.state is State.COMMITTED
    assert scene.files() == {**NEW, "auto.cnf": "new uuid"}
    assert (journal.swaps[0].aside / "oempro" / "t.ibd").read_text() == "old rows"
    assert (scene.power.policy, scene.power.running) == (ALWAYS, True)
    assert journal.expires_at is not None
    assert journal.aside_bytes == sum(map(len, OLD.values()))
    assert scene.on_disk() == journal
    assert live.notes == ("a note",)


def test_an_empty_directory_is_not_kept_as_a_safety_copy(scene: Scene) -> None:
    for path in scene.live_directory.iterdir():
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    live = scene.restore()
    scene.staged(live)

    journal = live.finish()

    assert (journal.state, journal.holds_safety_copy) == (State.COMMITTED, False)
    assert scene.files() == {**NEW, "auto.cnf": "new uuid"}
    assert scene.rooms() == []


def test_the_journal_is_on_the_disk_before_each_action(scene: Scene) -> None:
    live = scene.restore()
    scene.staged(live)
    live.finish()

    assert [state for state, _ in scene.on_disk().history] == [
        State.STAGING,
        State.FENCING,
        State.SWAPPING,
        State.STARTING,
        State.GATING,
        State.COMMITTING,
        State.COMMITTED,
    ]


def test_a_gate_that_fails_brings_the_old_data_back_and_keeps_the_new(scene: Scene) -> None:
    scene.gate_error = [RestoreError("a table is missing")]
    live = scene.restore()
    scene.staged(live)

    journal = live.finish()

    assert (journal.state, journal.reason) == (State.ROLLED_BACK, "a table is missing")
    assert scene.files() == OLD
    assert (scene.power.policy, scene.power.running) == (ALWAYS, True)
    assert journal.holds_safety_copy
    assert (journal.swaps[0].incoming / "oempro" / "t.ibd").read_text() == "new rows"
    assert journal.aside_bytes == sum(map(len, [*NEW.values(), "new uuid"]))


def test_a_server_that_does_not_start_on_the_new_data_is_started_on_the_old(scene: Scene) -> None:
    scene.ready_error = [RestoreError("it ended")]
    live = scene.restore()
    scene.staged(live)

    assert live.finish().state is State.ROLLED_BACK
    assert (scene.files(), scene.power.running) == (OLD, True)


def test_one_that_hangs_on_the_new_data_is_ended_by_force(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    scene.gate_error = [RestoreError("it hangs")]
    stop = scene.power.stop

    def stop_only_on_old_data(**keywords: Any) -> None:
        if scene.files().get("oempro/t.ibd") == "new rows":
            raise ServerStillRunningError("it still runs")
        stop(**keywords)

    monkeypatch.setattr(scene.power, "stop", stop_only_on_old_data)
    live = scene.restore()
    scene.staged(live)

    assert live.finish().state is State.ROLLED_BACK
    assert "end" in scene.power.calls
    assert scene.files() == OLD


def test_a_server_that_does_not_stop_ends_the_restore_and_is_never_ended_by_force(scene: Scene) -> None:
    scene.power.ignores_stop = True
    live = scene.restore()
    scene.staged(live)
    scene.bench.clock.go(0)
    scene.power._clock = _Hurried()  # type: ignore[assignment]

    journal = live.finish()

    assert journal.state is State.ABORTED
    assert "end" not in scene.power.calls
    assert (scene.files(), scene.power.policy, scene.power.running) == (OLD, ALWAYS, True)
    assert scene.rooms() == []


def test_another_container_on_the_same_directory_ends_it_before_the_stop(scene: Scene) -> None:
    scene.power.neighbours = ("clone",)
    live = scene.restore()
    scene.staged(live)

    journal = live.finish()

    assert journal.state is State.ABORTED
    assert "clone" in journal.reason
    assert "stop" not in scene.power.calls
    assert scene.files() == OLD


def test_data_without_mysql_is_never_started_on(scene: Scene) -> None:
    live = scene.restore()
    (live.journal.swaps[0].incoming / "mysql" / "user.ibd").unlink()
    (live.journal.swaps[0].incoming / "mysql").rmdir()
    scene.staged(live)

    journal = live.finish()

    assert journal.state is State.ROLLED_BACK
    assert "mysql/" in journal.reason
    assert scene.files() == OLD
    assert scene.rooms() == []


def test_a_cancelled_restore_does_not_stop_the_server(scene: Scene) -> None:
    live = scene.restore()
    scene.staged(live)
    scene.bench.cancellation.cancel(CancelledError("cancelled by the operator"))

    assert live.finish().state is State.ABORTED
    assert "stop" not in scene.power.calls
    assert scene.rooms() == []


def test_a_server_that_was_down_stays_down_when_the_restore_fails(scene: Scene) -> None:
    scene.power.running = False
    scene.gate_error = [RestoreError("a table is missing")]
    live = scene.restore()
    scene.staged(live, was_running=False, was_answering=False)

    assert live.finish().state is State.ROLLED_BACK
    assert (scene.power.running, scene.files()) == (False, OLD)


def test_docker_away_after_the_swap_leaves_it_open_and_a_later_try_finishes_it(scene: Scene) -> None:
    scene.ready_error = [DockerError("no engine", retryable=True)]
    live = scene.restore()
    scene.staged(live)

    with pytest.raises(RestoreStuckError, match="waits in state starting: no engine"):
        live.finish()

    assert scene.on_disk().state is State.STARTING
    scene.ready_error.clear()
    later = scene.driver(scene.on_disk())
    later.go_on(Event.CRASHED)
    assert later.finish().state is State.COMMITTED
    assert scene.files()["oempro/t.ibd"] == "new rows"


def test_docker_that_is_restarted_after_the_swap_is_waited_for(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    looks = 0

    def away_for_three_looks(_seconds: float) -> None:
        nonlocal looks
        looks += 1
        if looks == 3:
            scene.power.error = None
            scene.ready_error.clear()

    monkeypatch.setattr("octeth_backupd.pipeline.restore.live.time.sleep", away_for_three_looks)
    scene.ready_error = [DockerError("no engine", retryable=True)]
    live = scene.restore()
    scene.staged(live)
    start = scene.power.start

    def start_and_lose_the_engine(policy: RestartPolicy | None = None) -> None:
        start(policy)
        scene.power.error = scene.ready_error[0] if scene.ready_error else None  # type: ignore[assignment]

    monkeypatch.setattr(scene.power, "start", start_and_lose_the_engine)

    assert live.finish().state is State.COMMITTED
    assert looks == 3


def test_server_that_ended_while_nothing_might_start_it_is_up_when_the_restore_is_over(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    live = scene.restore()
    scene.staged(live)
    passed: Callable[..., tuple[str, ...]] = vars(live_module)["pass_gate"]

    def passed_and_ended(*arguments: Any, **keywords: Any) -> tuple[str, ...]:
        notes = passed(*arguments, **keywords)
        scene.power.running = False
        return notes

    monkeypatch.setattr(live_module, "pass_gate", passed_and_ended)

    assert live.finish().state is State.COMMITTED
    assert (scene.power.policy, scene.power.running) == (ALWAYS, True)


@pytest.mark.parametrize("ignores_stop", [True, False])
def test_the_dirty_pages_setting_is_put_back_only_on_a_server_that_was_never_stopped(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, ignores_stop: bool
) -> None:
    put_back: list[str] = []
    monkeypatch.setattr(live_server_module, "restore_dirty_pages", lambda _session, value: put_back.append(value))
    monkeypatch.setattr(live_server_module, "flush_dirty_pages", lambda *_, **__: "90/10")
    scene.power.ignores_stop = ignores_stop
    scene.power._clock = _Hurried()  # type: ignore[assignment]
    scene.gate_error = [RestoreError("a table is missing")]
    live = scene.restore()
    scene.staged(live, dirty_pages_percent="90/10")

    assert live.finish().state is (State.ABORTED if ignores_stop else State.ROLLED_BACK)
    assert put_back == (["90/10"] if ignores_stop else [])


def test_an_undo_leaves_nothing_of_the_restore_it_took_back(scene: Scene) -> None:
    first = scene.restore()
    scene.staged(first)
    undone = first.finish()
    again = f"{RUN}-undo"
    swaps = tuple(swap.of_run(again) for swap in undone.swaps)
    live = scene.driver(replace(scene.journal(), restore_id=again, operation="undo", undoes=RUN, swaps=swaps))
    live.begin(live.journal)
    make_rooms(swaps)
    adopt_aside(undone.swaps[0], swaps[0])
    scene.staged(live)

    assert live.finish().state is State.COMMITTED

    assert scene.files()["oempro/t.ibd"] == "old rows"
    assert scene.rooms() == [swaps[0].room.name]
    assert not scene.on_disk().holds_safety_copy


@pytest.mark.parametrize("fails", [False, True], ids=["passes", "fails"])
def test_whenever_the_daemon_dies_the_next_ends_on_one_complete_data_set(scene: Scene, fails: bool) -> None:
    deaths = 0
    while True:
        number = deaths + 1
        fresh = Scene(bench=scene.bench, root=scene.root.parent / f"mysql-{number}", method=scene.method)
        for name in ("root", "power"):
            setattr(scene, name, getattr(fresh, name))
        for name in ("fence", "unfence", "stop", "end", "start"):
            setattr(scene.power, name, counted(scene, getattr(scene.power, name)))
        scene.acts, scene.dies_at = 0, number
        scene.gate_error = [RestoreError("a table is missing")] if fails else []
        live = scene.restore()
        scene.staged(live)
        try:
            live.finish()
        except Death:
            deaths += 1
        else:
            break
        for again in range(1, 4):  # whoever resolves it dies as well, a little later each time
            later = scene.driver(scene.on_disk())
            if not later.journal.is_open:
                break
            scene.acts, scene.dies_at = 0, again
            try:
                later.go_on(Event.CRASHED)
                later.finish()
            except Death:
                continue
        scene.dies_at = 0
        last = scene.driver(scene.on_disk())
        if last.journal.is_open:
            last.go_on(Event.CRASHED)
            last.finish()

        files, journal = scene.files(), scene.on_disk()
        is_new = files.get("oempro/t.ibd") == "new rows"
        assert files == ({**NEW, "auto.cnf": "new uuid"} if is_new else OLD), f"death {number}"
        assert journal.state is (State.COMMITTED if is_new else journal.state)
        assert journal.state.is_final
        assert not (is_new and fails)
        assert (scene.power.policy, scene.power.running) == (ALWAYS, True), f"death {number}"
        assert bool(scene.rooms()) == journal.holds_safety_copy, f"death {number}"
    assert deaths > 10


@pytest.mark.parametrize("unwritable", [State.SWAPPING, State.STARTING, State.UNFENCING])
def test_a_journal_that_cannot_be_written_does_not_keep_the_server_down(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, unwritable: State
) -> None:
    if unwritable is State.UNFENCING:
        scene.gate_error = [RestoreError("a table is missing")]
    live = scene.restore()
    scene.staged(live)
    write = Journals.write

    def full_from_there_on(self: Journals, journal: Journal) -> None:
        if journal.state is unwritable:
            raise SpaceError("no space left for the journal")
        write(self, journal)

    monkeypatch.setattr(Journals, "write", full_from_there_on)
    with pytest.raises(SpaceError):
        live.finish()

    assert (scene.files(), scene.power.policy, scene.power.running) == (OLD, ALWAYS, True)
    stops = scene.power.calls.count("stop")
    monkeypatch.setattr(Journals, "write", write)
    later = scene.driver(scene.on_disk())
    later.go_on(Event.CRASHED)
    journal = later.finish()
    assert journal.state is (State.ABORTED if unwritable is State.SWAPPING else State.ROLLED_BACK)
    assert (scene.files(), scene.power.policy, scene.power.running) == (OLD, ALWAYS, True)
    assert scene.power.calls.count("stop") == stops


@pytest.mark.parametrize("is_running", [True, False])
def test_after_a_crash_the_gate_knows_whether_the_server_has_served(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, is_running: bool
) -> None:
    asked: list[bool] = []

    def gate(*_: object, has_served: bool, **__: object) -> tuple[str, ...]:
        asked.append(has_served)
        if len(asked) == 1:
            raise Death
        return ()

    monkeypatch.setattr(live_module, "pass_gate", gate)
    live = scene.restore()
    scene.staged(live)
    with pytest.raises(Death):
        live.finish()
    scene.power.running = is_running

    later = scene.driver(scene.on_disk())
    later.go_on(Event.CRASHED)

    assert later.finish().state is State.COMMITTED
    assert asked == [False, is_running]


def test_old_data_that_was_put_back_by_hand_is_never_taken_for_the_restored(scene: Scene) -> None:
    scene.ready_error = [DockerError("no engine", retryable=True)]
    live = scene.restore()
    scene.staged(live)
    with pytest.raises(RestoreStuckError):
        live.finish()
    swap_back(live.journal.swaps)
    scene.ready_error.clear()

    later = scene.driver(scene.on_disk())
    later.go_on(Event.CRASHED)
    journal = later.finish()

    assert journal.state is State.ROLLED_BACK
    assert (scene.files(), scene.power.policy, scene.power.running) == (OLD, ALWAYS, True)


class _Hurried:
    """A clock on which every look is a minute later."""

    def __init__(self) -> None:
        self._seconds = 0.0

    def monotonic_seconds(self) -> float:
        self._seconds += 60
        return self._seconds
