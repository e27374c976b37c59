"""process.sidecar, beside a Docker engine in memory. (With a real one: tests/integration/test_sidecar.py.)"""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING, cast

import pytest

from octeth_backupd.errors import (
    BackupdError,
    CancelledError,
    DockerError,
    ProgramError,
    ProgramTimeoutError,
    ServerUnreachableError,
)
from octeth_backupd.process.cancellation import Cancellation
from octeth_backupd.process.command import Command, StopPolicy
from octeth_backupd.process.mark import RunMark
from octeth_backupd.process.redaction import Redactor
from octeth_backupd.process.sidecar import SidecarRunner, end_sidecars, sidecar_spec
from tests.fakes.docker import FakeDocker

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from typing import Literal

    from octeth_backupd.process.command import Completed
    from octeth_backupd.process.docker import Docker

MARK = RunMark("installation", "run")
COMMAND = Command(
    program="mariadb-backup", arguments=("--backup",), stop=StopPolicy(signals=(signal.SIGINT,), grace_seconds=0.05)
)


def _docker(fake: FakeDocker) -> Docker:
    return cast("Docker", fake)


def _runner(
    fake: FakeDocker, *, image: str = "mariadb:10.11", binds: Mapping[Path, Literal["rw", "ro"]] | None = None
) -> SidecarRunner:
    return SidecarRunner(
        docker=_docker(fake),
        image=image,
        container_id="0123456789abcdef",
        binds=binds or {},
        mark=MARK,
        redactor=Redactor(["s3cret"]),
    )


def _run(fake: FakeDocker, *, image: str = "mariadb:10.11") -> Completed:
    return _runner(fake, image=image).run(COMMAND, on_line=lambda _: None, cancellation=Cancellation())


def test_sidecar_has_the_servers_files_and_network_and_hardly_any_right() -> None:
    spec = sidecar_spec(COMMAND, image="mariadb:10.11", container_id="abc", mark=MARK)

    assert spec["volumes_from"] == ["abc:ro"]
    assert spec["network_mode"] == "container:abc"
    assert (spec["cap_drop"], spec["cap_add"]) == (["ALL"], ["DAC_READ_SEARCH"])
    assert spec["init"] is True
    assert spec["restart_policy"] == {"Name": "no"}
    assert spec["labels"] == MARK.labels()
    assert spec["user"] == "0:0"


def test_sidecar_of_no_server_sees_nothing_of_a_server_or_a_network() -> None:
    spec = sidecar_spec(COMMAND, image="mariadb:10.11", container_id="", mark=MARK)

    assert spec["network_mode"] == "none"
    assert "volumes_from" not in spec
    assert spec["cap_drop"] == ["ALL"]


def test_failing_start_of_a_sidecar_of_no_server_is_not_blamed_on_a_server() -> None:
    fake = FakeDocker()
    fake.start_error = DockerError("no")
    fake.server_stopped = True
    runner = SidecarRunner(
        docker=_docker(fake), image="mariadb:10.11", container_id="", binds={}, mark=MARK, redactor=Redactor()
    )

    with pytest.raises(DockerError) as caught:
        runner.run(COMMAND, on_line=lambda _: None, cancellation=Cancellation())

    assert type(caught.value) is DockerError


def test_program_takes_the_place_of_the_images_entrypoint() -> None:
    spec = sidecar_spec(COMMAND, image="x", container_id="abc", mark=MARK)

    assert (spec["entrypoint"], spec["command"]) == (["mariadb-backup"], ["--backup"])


def test_limits_are_handed_on() -> None:
    command = Command(program="x", open_files_limit=4096, low_priority=True)

    spec = sidecar_spec(command, image="x", container_id="abc", mark=MARK)

    assert spec["ulimits"] == [{"name": "nofile", "soft": 4096, "hard": 4096}]
    assert spec["cpu_shares"] < 1024


def test_name_says_whose_it_is_and_is_one_that_docker_takes() -> None:
    spec = sidecar_spec(COMMAND, image="x", container_id="abc", mark=RunMark("i", "run:7/8"))

    assert spec["name"].startswith("octeth-backupd-run_7_8-mariadb-backup-")


def test_paths_are_mounted_under_the_same_path_when_they_exist(tmp_path: Path) -> None:
    fake = FakeDocker()
    (tmp_path / "work").mkdir()
    (tmp_path / "run.cnf").write_text("")
    binds: dict[Path, Literal["rw", "ro"]] = {
        tmp_path / "work": "rw",
        tmp_path / "run.cnf": "ro",
        tmp_path / "missing": "rw",
    }

    _runner(fake, binds=binds).run(COMMAND, on_line=lambda _: None, cancellation=Cancellation())

    mounts = {mount["Target"]: mount for mount in fake.specs["sidecar"]["mounts"]}
    assert set(mounts) == {str(tmp_path / "work"), str(tmp_path / "run.cnf")}
    assert all(mount["Source"] == target for target, mount in mounts.items())
    assert mounts[str(tmp_path / "run.cnf")]["ReadOnly"]
    assert not mounts[str(tmp_path / "work")]["ReadOnly"]


def test_lines_are_redacted_and_the_container_removed() -> None:
    fake = FakeDocker(lines=("one", "two s3cret"), exit_code=1)

    completed = _run(fake)

    assert completed.output == ("one", "two ***")
    assert completed.exit_code == 1
    assert fake.removed == ["sidecar"]


def test_death_by_a_signal_is_a_negative_exit_code() -> None:
    assert _run(FakeDocker(exit_code=137)).exit_code == -9


def test_cancel_sends_the_programs_own_signal_first() -> None:
    fake = FakeDocker(lines=("ready",), exit_code=None, dies_on=frozenset({"SIGINT"}))
    cancellation = Cancellation()

    def take(line: str) -> None:
        cancellation.cancel()

    with pytest.raises(CancelledError):
        _runner(fake).run(COMMAND, on_line=take, cancellation=cancellation)

    assert fake.signals == ["SIGINT"]
    assert fake.removed == ["sidecar"]


def test_program_that_ignores_the_signal_is_killed() -> None:
    fake = FakeDocker(exit_code=None)

    with pytest.raises(ProgramTimeoutError):
        _runner(fake).run(COMMAND, on_line=lambda _: None, cancellation=Cancellation(), timeout_seconds=0.05)

    assert fake.signals == ["SIGINT", "SIGKILL"]
    assert fake.removed == ["sidecar"]


def test_missing_image_is_named() -> None:
    with pytest.raises(ProgramError, match="image nowhere:1 is not on this machine") as caught:
        _run(FakeDocker(), image="nowhere:1")

    assert "docker pull nowhere:1" in caught.value.hint


def test_missing_server_container_is_an_error_of_the_server() -> None:
    fake = FakeDocker()
    fake.server_runs = False

    with pytest.raises(ServerUnreachableError, match="0123456789ab is gone"):
        _run(fake)


def test_server_that_stops_before_the_start_is_an_error_of_the_server() -> None:
    fake = FakeDocker()
    fake.start_error = DockerError("cannot join network of a non running container")
    fake.server_stopped = True

    with pytest.raises(ServerUnreachableError):
        _run(fake)

    assert fake.removed == ["sidecar"]


def test_other_failure_of_the_start_comes_through() -> None:
    fake = FakeDocker()
    fake.start_error = DockerError("no space left on device")

    with pytest.raises(DockerError, match="no space"):
        _run(fake)

    assert fake.removed == ["sidecar"]


def test_container_that_vanishes_is_an_error_and_no_hang() -> None:
    fake = FakeDocker(lines=("one",), exit_code=None)
    fake.vanished = True

    with pytest.raises(ProgramError, match="vanished"):
        _run(fake)


def test_lost_connection_is_an_error_although_the_program_goes_on() -> None:
    fake = FakeDocker(lines=("one",), exit_code=None)
    fake.connection_lost = True

    with pytest.raises(DockerError, match="output of mariadb-backup was lost"):
        _run(fake)

    assert fake.removed == ["sidecar"]


def test_cancellation_counts_more_than_what_goes_wrong_while_ending() -> None:
    fake = FakeDocker(lines=("ready",), exit_code=None, dies_on=frozenset({"SIGINT"}))
    fake.vanished = True
    cancellation = Cancellation()

    def take(line: str) -> None:
        cancellation.cancel()

    with pytest.raises(CancelledError):
        _runner(fake).run(COMMAND, on_line=take, cancellation=cancellation)


def test_failing_removal_does_not_hide_the_error(monkeypatch: pytest.MonkeyPatch) -> None:
    fake = FakeDocker(lines=("one",), exit_code=None)
    fake.vanished = True

    def fail(container_id: str, *, force: bool = True) -> None:
        raise DockerError("down")

    monkeypatch.setattr(fake, "remove", fail)

    with pytest.raises(ProgramError, match="vanished"):
        _run(fake)


def test_program_that_the_image_does_not_hold_is_named() -> None:
    fake = FakeDocker(lines=("[FATAL tini (7)] exec mariadb-backup failed: No such file or directory",), exit_code=127)

    with pytest.raises(ProgramError, match=r"mariadb-backup is not in the image mariadb:10\.11") as caught:
        _run(fake)

    assert "sidecar_image" in caught.value.hint


def test_exit_code_127_of_the_program_itself_is_only_an_exit_code() -> None:
    assert _run(FakeDocker(lines=("sh: x: not found",), exit_code=127)).exit_code == 127


def test_recovery_removes_this_installations_sidecars_but_those_of_living_runs() -> None:
    fake = FakeDocker()
    fake.listed = [
        {"Id": "1", "Names": ["/left"], "Labels": RunMark("mine", "dead").labels()},
        {"Id": "2", "Names": ["/living"], "Labels": RunMark("mine", "living").labels()},
        {"Id": "3", "Names": ["/stranger"], "Labels": RunMark("other", "dead").labels()},
    ]

    ended = end_sidecars(_docker(fake), "mine", keep=frozenset({"living"}))

    assert ended == ("left",)
    assert fake.removed == ["1"]


def test_error_of_the_listener_ends_the_program() -> None:
    fake = FakeDocker(lines=("one",), exit_code=None, dies_on=frozenset({"SIGINT"}))

    def refuse(line: str) -> None:
        raise BackupdError("refused")

    with pytest.raises(BackupdError, match="refused"):
        _runner(fake).run(COMMAND, on_line=refuse, cancellation=Cancellation())

    assert fake.signals == ["SIGINT"]
