"""One start: waiting until the server answers, its end, its log, its limits."""

from __future__ import annotations

import os
from pathlib import Path, PurePosixPath
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest
from pydantic import SecretStr

from octeth_backupd.domain.restore.site import Owner
from octeth_backupd.domain.server import Address, Vendor, Version
from octeth_backupd.errors import CancelledError, LoginRefusedError, VerificationError
from octeth_backupd.pipeline.restore.login import Login
from octeth_backupd.pipeline.restore.rehearsal import RehearsalSubject
from octeth_backupd.pipeline.restore.rehearsal_start import STOP_SECONDS, Performance, Stage, anybody
from octeth_backupd.pipeline.restore.settings import RestoreSettings
from tests.fakes.docker import FakeDocker
from tests.fakes.runs import RecordedContext
from tests.unit.pipeline.restore.rehearsed import container
from tests.unit.servers.fake_server import closed_address, listening, refusal

if TYPE_CHECKING:
    from octeth_backupd.pipeline.parts import Parts

LOGIN = Login(source="configured", user="root", password=SecretStr("swordfish"))


class ScriptedServer:
    """Ends when it is told to, with an exit code."""

    def __init__(self, exit_code: int | None = None) -> None:
        self.exit_code = exit_code
        self.terminated = False

    def ended(self) -> int | None:
        return self.exit_code

    def terminate(self) -> None:
        self.terminated = True
        self.exit_code = 0

    def kill(self) -> None:
        self.exit_code = 137

    def last_words(self) -> tuple[str, ...]:
        return ("cannot allocate memory",)


def _performance(recorded: RecordedContext, server: ScriptedServer, address: Address | None = None) -> Performance:
    return Performance(recorded.context, server, address or closed_address(), lambda: ": its last words")


def test_server_that_ends_before_it_answers_does_not_start() -> None:
    performance = _performance(RecordedContext(), ScriptedServer(exit_code=1))

    with (
        pytest.raises(VerificationError, match="does not start on the restored data: exit code 1: its last words"),
        performance.entered([LOGIN], query_timeout_seconds=1),
    ):
        pass


def test_refused_login_is_an_answer() -> None:
    with listening(refusal(1045, "denied")) as server:
        performance = _performance(RecordedContext(), ScriptedServer(), server.address)
        with performance.entered([LOGIN], query_timeout_seconds=1) as entry:
            assert isinstance(entry, LoginRefusedError)


def test_waiting_ends_with_the_run() -> None:
    recorded = RecordedContext()
    recorded.context.cancellation.cancel()

    with (
        pytest.raises(CancelledError),
        _performance(recorded, ScriptedServer()).entered([LOGIN], query_timeout_seconds=1),
    ):
        pass


def test_unclean_end_is_an_error() -> None:
    with pytest.raises(VerificationError, match="did not stop cleanly: exit code 137"):
        _performance(RecordedContext(), ScriptedServer(exit_code=137)).require_clean_end()


def test_clean_end_is_none() -> None:
    server = ScriptedServer()
    performance = _performance(RecordedContext(), server)

    performance.terminate()
    performance.require_clean_end()

    assert server.terminated


def test_server_that_does_not_stop_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    recorded = RecordedContext()
    monkeypatch.setattr(recorded.context.cancellation, "wait", lambda _: recorded.clock.go(STOP_SECONDS))

    with pytest.raises(VerificationError, match="did not stop within"):
        _performance(recorded, ScriptedServer()).wait_until_ended()


def test_server_without_accounts_is_entered_without_a_password() -> None:
    assert anybody().password.get_secret_value() == ""


def _stage(tmp_path: Path, recorded: RecordedContext, docker: FakeDocker | None = None, **changes: Any) -> Stage:
    scratch = tmp_path / "scratch"
    scratch.mkdir(exist_ok=True)
    docker = docker or FakeDocker(exit_code=None)
    docker.images.add("sha256:1")
    parts = SimpleNamespace(restore=RestoreSettings(), docker=docker, secrets=("swordfish",), search_path=None)
    subject = RehearsalSubject(
        vendor=Vendor.MARIADB,
        version=Version(major=10, minor=11, patch=0),
        data_directory=tmp_path / "new",
        server_paths={"data": PurePosixPath("/var/lib/mysql"), "binlog": PurePosixPath("/var/log/mysql")},
        container=container(),
        log_bin=True,
        owner=Owner(user_id=os.getuid(), group_id=os.getgid()),
        scratch=scratch,
        **changes,
    )
    return Stage(recorded.context, cast("Parts", parts), subject)


def test_scratch_is_mounted_first_and_the_data_last(tmp_path: Path) -> None:
    docker = FakeDocker(exit_code=None)
    stage = _stage(tmp_path, RecordedContext(), docker, binlog_directory=tmp_path / "logs")

    with stage.server(skip_grants=True):
        mounts = docker.specs["sidecar"]["mounts"]

    assert [Path(mount["Target"]).name for mount in mounts] == ["octeth-backupd-rehearsal", "mysql", "mysql"]
    assert [mount["Source"] for mount in mounts[1:]] == [str(tmp_path / "logs"), str(tmp_path / "new")]
    assert docker.specs["sidecar"]["command"][-1] == "--skip-grant-tables"
    assert docker.removed == ["sidecar"]


def test_limit_of_a_deep_rehearsal_holds_the_time_for_its_checks(tmp_path: Path) -> None:
    settings = RestoreSettings()

    assert _stage(tmp_path, RecordedContext()).limit_seconds == settings.rehearsal_timeout_seconds
    assert _stage(tmp_path, RecordedContext(), deep=True).limit_seconds == (
        settings.rehearsal_timeout_seconds + settings.check_table_seconds
    )


def test_cancelled_run_ends_the_server_at_once(tmp_path: Path) -> None:
    recorded = RecordedContext()
    docker = FakeDocker(exit_code=None)

    with pytest.raises(CancelledError), _stage(tmp_path, recorded, docker).server(skip_grants=False):
        recorded.context.cancellation.cancel()
        recorded.context.cancellation.raise_if_cancelled()

    assert docker.signals == ["SIGKILL"]
    assert docker.removed == ["sidecar"]


def test_error_log_is_read_redacted_and_never_through_a_link(tmp_path: Path) -> None:
    stage = _stage(tmp_path, RecordedContext())
    secret = tmp_path / "secret"
    secret.write_text("[ERROR] of somebody else")

    with stage.server(skip_grants=False):
        log = tmp_path / "scratch" / "server" / "error.log"
        log.write_text("[ERROR] password swordfish\n")
        assert stage.error_log() == ("[ERROR] password ***",)
        log.unlink()
        log.symlink_to(secret)
        assert stage.error_log() == ()


def test_what_a_server_left_is_removed(tmp_path: Path) -> None:
    stage = _stage(tmp_path, RecordedContext())
    with stage.server(skip_grants=False):
        (tmp_path / "scratch" / "server" / "mysqld.pid").write_text("1")

    stage.clear()

    assert list((tmp_path / "scratch").iterdir()) == []
