"""One start: waiting until the server answers, its end, its log, its limits."""

from __future__ import annotations

import os
from pathlib import Path, PurePosixPath
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest

from octeth_backupd.domain.restore.site import Owner
from octeth_backupd.domain.server import Vendor, Version
from octeth_backupd.errors import CancelledError
from octeth_backupd.pipeline.restore.rehearsal import RehearsalSubject
from octeth_backupd.pipeline.restore.rehearsal_start import Stage
from octeth_backupd.pipeline.restore.settings import RestoreSettings
from tests.fakes.docker import FakeDocker
from tests.fakes.runs import RecordedContext
from tests.unit.pipeline.restore.rehearsed import container

if TYPE_CHECKING:
    from octeth_backupd.pipeline.parts import Parts


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
