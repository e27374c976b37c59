"""Crashes in every state of a restore: the server ends up on one complete data set, as its journal says.

Each state of the machine is met by each kind of crash in each kind of data directory, at its begin, in the middle of
its action or at its end. The states of the way back are reached by destroying the staged data just before the swap.
"""

from __future__ import annotations

import itertools
import json
import time
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from octeth_backupd.domain.restore.machine import State
from octeth_backupd.domain.restore.swap import ROOM_PREFIX
from tests.environment.audit_fault import Stop, stop_at, stoppable
from tests.environment.availability import require_mysql_image
from tests.environment.bind_filesystem import bind_filesystem
from tests.environment.database_containers import unique_name
from tests.environment.docker_engine import MARIADB_IMAGE, MYSQL_IMAGE, ensure_image, session_labels
from tests.environment.gate import Gate
from tests.environment.leftovers import marked_processes, sidecars
from tests.environment.private_docker import PrivateDocker
from tests.environment.reboot import Crash, crash, lose_power, start_again
from tests.environment.restoring import SERVER_NAME, Contents, Restoring, restoring
from tests.environment.small_filesystem import small_filesystem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Literal

STATE_SECONDS = 120
RESOLVED_SECONDS = 150
WAY_BACK = frozenset({State.STOPPING, State.SWAPPING_BACK, State.UNFENCING, State.CLEANING})
OPEN_STATES = tuple(state for state in State if not state.is_final)
SMALL_REDO = {
    "mariadb": ("--innodb-log-file-size=8M",),
    "mysql": ("--innodb-redo-log-capacity=8M",),
}


class Directory(StrEnum):
    """What the server's data directory is on the host."""

    PLAIN = "bind mount"
    VOLUME = "named volume"
    MOUNT_POINT = "mount point"
    BINDFS = "bindfs"

    @property
    def is_exchanged(self) -> bool:
        """Whether it changes places in one system call rather than entry by entry."""
        return self in {Directory.PLAIN, Directory.VOLUME}


class Moment(StrEnum):
    """Where in a state's action the crash comes."""

    BEGIN = "begin"
    MIDDLE = "middle"
    END = "end"


@dataclass(frozen=True, kw_only=True)
class Case:
    """One crash."""

    state: State
    crash: Crash
    directory: Directory = Directory.PLAIN
    moment: Moment = Moment.MIDDLE
    vendor: Literal["mariadb", "mysql"] = "mariadb"

    def __str__(self) -> str:
        return f"{self.state} {self.moment}, {self.crash}, {self.directory}, {self.vendor}"


SPREAD = (
    Case(state=State.STAGING, crash=Crash.DAEMON),
    Case(state=State.STAGING, crash=Crash.REBOOT, moment=Moment.END),
    Case(state=State.FENCING, crash=Crash.DAEMON_AND_SERVER),
    Case(state=State.FENCING, crash=Crash.REBOOT, directory=Directory.MOUNT_POINT),
    Case(state=State.SWAPPING, crash=Crash.REBOOT, directory=Directory.MOUNT_POINT),
    Case(state=State.SWAPPING, crash=Crash.DAEMON, directory=Directory.VOLUME),
    Case(state=State.STARTING, crash=Crash.DAEMON_AND_SERVER),
    Case(state=State.STARTING, crash=Crash.ENGINE, moment=Moment.BEGIN, directory=Directory.MOUNT_POINT),
    Case(state=State.GATING, crash=Crash.REBOOT, directory=Directory.VOLUME),
    Case(state=State.COMMITTING, crash=Crash.ENGINE, moment=Moment.BEGIN),
    Case(state=State.COMMITTING, crash=Crash.DAEMON, vendor="mysql"),
    Case(state=State.STOPPING, crash=Crash.REBOOT, moment=Moment.BEGIN),
    Case(state=State.SWAPPING_BACK, crash=Crash.DAEMON, directory=Directory.BINDFS),
    Case(state=State.SWAPPING_BACK, crash=Crash.REBOOT, vendor="mysql"),
    Case(state=State.UNFENCING, crash=Crash.ENGINE, directory=Directory.VOLUME),
    Case(state=State.CLEANING, crash=Crash.DAEMON_AND_SERVER, directory=Directory.BINDFS),
)
"""What ``make test`` runs: each state, each crash, each kind of directory, both vendors."""


def _matrix() -> Iterator[Case]:
    """Yield every state, crash and directory, the moment going round, and every state and crash on MySQL."""
    moments = itertools.cycle(Moment)
    for directory, state, kind in itertools.product(Directory, OPEN_STATES, Crash):
        yield Case(state=state, crash=kind, directory=directory, moment=next(moments))
    for state, kind in itertools.product(OPEN_STATES, Crash):
        yield Case(state=state, crash=kind, moment=next(moments), vendor="mysql")


MATRIX = tuple(case for case in _matrix() if case not in SPREAD)

_REQUEST = "^http[.]client[.]send .*"
_RENAME = "^ctypes[.]dlsym .* renameat2$"
_MIDDLE = {
    State.STAGING: (f"{_REQUEST}-rehearsal-", f"{_REQUEST}/start ", _REQUEST),
    State.FENCING: (f"{_REQUEST}/kill[?]", _REQUEST),  # it has been asked to stop
    State.STARTING: (f"{_REQUEST}/start ", _REQUEST),
    State.GATING: (f"{_REQUEST}/json",),
    State.COMMITTING: (f"{_REQUEST}/update ", _REQUEST),  # the restart policy is back
    State.STOPPING: (f"{_REQUEST}/json",),
    State.UNFENCING: (f"{_REQUEST}/update ", _REQUEST),
    State.CLEANING: ("state=",),
}


def _patterns(case: Case) -> tuple[str, ...]:
    """Return what the daemon's thread meets on its way to the place where the crash comes."""
    entered = f" state={case.state}$"
    if case.moment is Moment.BEGIN:
        return (entered, "")
    if case.moment is Moment.END:
        return (entered, " state=")
    if case.state in {State.SWAPPING, State.SWAPPING_BACK}:
        # Exchanged but not yet synced; or the fourth of many entries.
        return (entered, _RENAME, "^open ") if case.directory.is_exchanged else (entered, *(4 * [_RENAME]))
    return (entered, *_MIDDLE[case.state])


def test_each_state_each_crash_and_each_kind_of_directory_is_in_the_spread() -> None:
    assert {case.state for case in SPREAD} == set(OPEN_STATES)
    assert {case.crash for case in SPREAD} == set(Crash)
    assert {case.directory for case in SPREAD} == set(Directory)
    assert {case.vendor for case in SPREAD} == {"mariadb", "mysql"}
    assert {(c.state, c.crash, c.directory) for c in (*SPREAD, *MATRIX)} == set(
        itertools.product(OPEN_STATES, Crash, Directory)
    )


@pytest.mark.parametrize("case", SPREAD, ids=str)
def test_crash_ends_in_one_complete_data_set(benches: Benches, tmp_path: Path, case: Case) -> None:
    benches.assert_survives(case, tmp_path)


@pytest.mark.long
@pytest.mark.parametrize("case", MATRIX, ids=str)
def test_every_crash_in_every_state_ends_in_one_complete_data_set(benches: Benches, tmp_path: Path, case: Case) -> None:
    benches.assert_survives(case, tmp_path)


@pytest.mark.long
@pytest.mark.parametrize("state", [State.FENCING, State.SWAPPING, State.GATING, State.COMMITTING, State.UNFENCING])
def test_daemon_that_is_up_before_the_engine_resolves_the_restore_once_that_is_there(
    benches: Benches, tmp_path: Path, state: State
) -> None:
    benches.assert_survives(Case(state=state, crash=Crash.REBOOT), tmp_path, engine_is_late=True)


@pytest.mark.long
@pytest.mark.parametrize("kind", Crash)
@pytest.mark.parametrize("state", [s for s in OPEN_STATES if s not in WAY_BACK])
def test_crash_in_an_undo_ends_in_one_complete_data_set(
    benches: Benches, tmp_path: Path, state: State, kind: Crash
) -> None:
    moment = Moment.END if state is State.STAGING else Moment.MIDDLE
    benches.assert_survives(Case(state=state, crash=kind, moment=moment), tmp_path, undo=True)


@pytest.fixture(scope="module")
def benches(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Benches]:
    with PrivateDocker() as docker, ExitStack() as stack:
        made = Benches(docker=docker, directory=tmp_path_factory.mktemp("k"))
        stack.callback(made.close)
        yield made


@dataclass(kw_only=True, eq=False)
class Bench:
    """A server with a backup; shared by the cases of its kind."""

    restoring: Restoring
    stack: ExitStack
    backup: str
    at_backup: Contents


class Benches:
    """Servers of each kind in one engine, made when first wanted and thrown away when a case fails."""

    def __init__(self, *, docker: PrivateDocker, directory: Path) -> None:
        self.docker = docker
        self._directory = directory
        self._made: dict[tuple[Directory, str], Bench] = {}
        self._numbers = itertools.count(1)

    def close(self) -> None:
        """Remove all of them."""
        for key in list(self._made):
            self._made.pop(key).stack.close()

    def assert_survives(self, case: Case, directory: Path, *, undo: bool = False, engine_is_late: bool = False) -> None:
        """Let a case happen, and assert that everything is in order afterwards."""
        if case.vendor == "mysql":
            require_mysql_image()
        key = (case.directory, case.vendor)
        if key not in self._made:
            self._made[key] = self._make(case)
        try:
            _Interruption(case, self._made[key], self.docker, directory, mark=next(self._numbers)).run(
                undo=undo, engine_is_late=engine_is_late
            )
        except BaseException:
            bench = self._made.pop(key)
            if bench.restoring.daemon.is_running():
                bench.restoring.daemon.kill()  # it may wait at a gate
            if not self.docker.is_running():
                self.docker.start()
            bench.stack.close()
            raise

    def _make(self, case: Case) -> Bench:
        self.docker.load(ensure_image(MYSQL_IMAGE if case.vendor == "mysql" else MARIADB_IMAGE))
        directory = self._directory / str(next(self._numbers))
        directory.mkdir()
        with ExitStack() as stack:
            data_directory, volume = self._data_directory(case.directory, directory, stack)
            bench = stack.enter_context(
                restoring(
                    directory,
                    vendor=case.vendor,
                    fill_bytes=1_000_000,
                    data_directory=data_directory,
                    sections={
                        "restore": {"flush_seconds": 1, "start_timeout_seconds": 60, "max_safety_copies": 1},
                        "daemon": {"log_level": "info"},
                    },
                    server_options={
                        "restart_policy": "always",
                        "volume": volume,
                        "arguments": SMALL_REDO[case.vendor],
                    },
                    engine=self.docker.engine,
                )
            )
            start_again(bench.daemon, stoppable(directory / "fault"))
            bench.change(0)
            backup = bench.back_up()
            at_backup = bench.contents()
            return Bench(restoring=bench, stack=stack.pop_all(), backup=backup, at_backup=at_backup)

    def _data_directory(self, kind: Directory, directory: Path, stack: ExitStack) -> tuple[Path, str]:
        """Return where the data lies on the host, and the named volume that it is."""
        match kind:
            case Directory.PLAIN:
                return directory / "mysql" / "data", ""
            case Directory.VOLUME:
                name = unique_name("volume")
                volume = self.docker.engine.client.volumes.create(name, labels=session_labels())
                return Path(volume.attrs["Mountpoint"]), name
            case Directory.MOUNT_POINT:
                return stack.enter_context(small_filesystem(directory / "mount", megabytes=1000)), ""
            case Directory.BINDFS:
                return stack.enter_context(bind_filesystem(directory / "source", directory / "mount")), ""


class _Interruption:
    """One case on its way."""

    def __init__(self, case: Case, bench: Bench, docker: PrivateDocker, directory: Path, *, mark: int) -> None:
        self._case = case
        self._bench = bench
        self._restoring = bench.restoring
        self._daemon = bench.restoring.daemon
        self._server = bench.restoring.server
        self._docker = docker
        self._directory = directory
        self._fault = Path(self._daemon.environment["PYTHONPATH"])
        self._mark = mark

    def run(self, *, undo: bool, engine_is_late: bool) -> None:
        restored = self._prepare_undo() if undo else self._bench.at_backup
        self._restoring.change(self._mark)
        before = self._restoring.contents()
        policy = self._policy()
        assert before != restored

        run_id = self._crash_at_the_moment(undo=undo, engine_is_late=engine_is_late)

        journal = self._wait_until_resolved(run_id)
        self._server.wait_until_ready()
        assert self._restoring.contents() == (restored if journal["state"] == "committed" else before), self._story()
        self._assert_expected_end(journal)
        assert self._policy() == policy
        self._assert_records_are_true(run_id, journal)
        self._assert_nothing_left()
        assert self._daemon.backup("--wait", "--json").exit_code == 0, self._story()

    def _prepare_undo(self) -> Contents:
        """Restore, so that there is something to undo, and return what the undo brings back."""
        stop_at(self._fault, [])
        contents = self._restoring.contents()
        self._restoring.restore(self._bench.backup, "--no-rehearsal")
        return contents

    def _crash_at_the_moment(self, *, undo: bool, engine_is_late: bool) -> str:
        swap, place = Gate(self._directory / "swap"), Gate(self._directory / "place")
        stops = [Stop(patterns=_patterns(self._case), gate=place)]
        if self._case.state in WAY_BACK:
            stops.append(Stop(patterns=[f" state={State.SWAPPING}$"], gate=swap))
        stop_at(self._fault, stops)
        order = ["undo", "--server", SERVER_NAME] if undo else ["restore", self._bench.backup]
        asked = self._daemon.ctl(*order, "--yes", "--detach")
        assert asked.exit_code == 0, asked.err
        run_id = next(str(run["id"]) for run in self._daemon.runs() if run["operation"] == order[0])
        if self._case.state in WAY_BACK:
            self._wait_at(swap)
            self._destroy_staged(run_id)
            swap.open()
        self._wait_at(place)
        assert self._journal(run_id)["state"] == self._case.state
        if engine_is_late:
            lose_power(self._daemon, self._docker)
            looks = len(self._daemon.log_lines("restore.still_away"))
            self._daemon.start()
            self._wait_for_looks(looks + 2)
            self._docker.start()
            return run_id
        crash(self._case.crash, self._daemon, self._server, self._docker)
        if self._case.crash.ends_the_daemon:
            self._daemon.start()
        place.open()
        return run_id

    def _wait_for_looks(self, count: int) -> None:
        """Return when the daemon has looked so often in vain for an engine that is away."""
        limit = time.monotonic() + STATE_SECONDS
        while len(self._daemon.log_lines("restore.still_away")) < count:
            assert time.monotonic() < limit, self._story()
            time.sleep(0.2)

    def _wait_at(self, gate: Gate) -> None:
        try:
            gate.wait_until_reached(STATE_SECONDS)
        except TimeoutError as error:
            raise AssertionError(f"the restore did not come to {self._case}: {self._story()}") from error

    def _destroy_staged(self, run_id: str) -> None:
        """Make the staged data one that no server starts on."""
        room = Path(self._journal(run_id)["swaps"][0]["room"])
        with (room / "new" / "ibdata1").open("r+b") as file:
            file.write(b"destroyed on purpose" * 50_000)

    def _wait_until_resolved(self, run_id: str) -> dict[str, Any]:
        limit = time.monotonic() + RESOLVED_SECONDS
        while time.monotonic() < limit:
            journal = self._journal(run_id)
            if State(journal["state"]).is_final and not self._active_runs():
                return journal
            time.sleep(0.1)
        raise AssertionError(f"not resolved but {self._journal(run_id)['state']}: {self._story()}")

    def _assert_expected_end(self, journal: Mapping[str, Any]) -> None:
        if not self._case.crash.ends_the_daemon:
            return  # whatever it came to, it is one of both
        expected = {
            State.STAGING: State.ABORTED,
            State.FENCING: State.ABORTED,
            State.SWAPPING: State.ROLLED_BACK,
            State.STARTING: State.COMMITTED,
            State.GATING: State.COMMITTED,
            State.COMMITTING: State.COMMITTED,
        }.get(self._case.state, State.ROLLED_BACK)
        assert journal["state"] == expected, self._story()

    def _assert_records_are_true(self, run_id: str, journal: Mapping[str, Any]) -> None:
        """Assert that status and runs say what happened, and that nothing is open."""
        status = self._daemon.ctl("status", "--json")
        assert status.exit_code == 0, status.out + status.err
        runs = {run["id"]: run for run in self._daemon.runs()}
        if self._case.crash.ends_the_daemon:
            assert runs[run_id]["status"] == "interrupted"
            resolved = [run for run in runs.values() if run["operation"] == "resolve"]
            assert resolved[0]["status"] == "success", self._story()
        elif runs[run_id]["status"] == "success":
            assert journal["state"] == "committed"
        assert all(State(shown["state"]).is_final for shown in self._restoring.journals())

    def _assert_nothing_left(self) -> None:
        """Assert that of all restores only those safety copies are there that the journals know.

        The daemon removes old ones by itself, at a moment of its own choice.
        """
        limit = time.monotonic() + STATE_SECONDS
        while (found := self._rooms()) != (known := self._known_rooms()):
            assert time.monotonic() < limit, f"{found} instead of {known}: {self._story()}"
            time.sleep(0.1)
        assert marked_processes(self._daemon) == {}
        assert sidecars(self._daemon, self._docker.engine) == []
        assert self._daemon.files_left() == []

    def _known_rooms(self) -> set[str]:
        return {
            swap["room"]
            for journal in self._journals()
            if journal["has_swapped"] and not journal["removed_at"]
            for swap in journal["swaps"]
        }

    def _rooms(self) -> set[str]:
        live = self._server.data_directory
        return {str(path) for place in (live, live.parent) for path in place.glob(f"{ROOM_PREFIX}*")}

    def _policy(self) -> Any:
        self._server.container.reload()
        return self._server.container.attrs["HostConfig"]["RestartPolicy"]

    def _journal(self, run_id: str) -> dict[str, Any]:
        path = self._daemon.state_directory / "restores" / f"{run_id}.json"
        journal: dict[str, Any] = json.loads(path.read_text())
        return journal

    def _journals(self) -> list[dict[str, Any]]:
        return [self._journal(path.stem) for path in (self._daemon.state_directory / "restores").glob("[!.]*.json")]

    def _active_runs(self) -> list[str]:
        with suppress(OSError):
            return [run["id"] for run in self._daemon.runs() if run["status"] in {"queued", "running"}]
        return ["the daemon does not answer"]

    def _story(self) -> str:
        histories = [(journal["restore_id"], journal["history"][-8:]) for journal in self._journals()[-3:]]
        return f"{histories}\n{self._daemon.log()[-5000:]}\n{self._server.server_log()[-1500:]}"
