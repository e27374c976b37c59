"""pipeline.restore.prepare. (With a real engine in a real image: tests/integration/test_restore_staging.py.)"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from octeth_backupd.domain.server import Version
from octeth_backupd.errors import CancelledError, EngineError, ProgramError, VerificationError
from octeth_backupd.pipeline.programs import Programs
from octeth_backupd.pipeline.restore.prepare import find_preparer, prepare
from tests.fakes.engine import CHECKPOINTS
from tests.fakes.installation import INSTALLATION

if TYPE_CHECKING:
    from pathlib import Path

    from octeth_backupd.pipeline.restore.prepare import Preparer
    from tests.fakes.bench import Bench

SERVER = Version(major=9, minor=7, patch=2)


@pytest.fixture
def staged(tmp_path: Path) -> Path:
    """A backup that is not prepared."""
    directory = tmp_path / "staged"
    directory.mkdir()
    (directory / "xtrabackup_checkpoints").write_text(CHECKPOINTS.format("full-backuped"))
    (directory / "ibdata1").touch()
    return directory


def _find(bench: Bench, directory: Path, version: Version = SERVER, *, image: str = "") -> Preparer:
    parts = bench.parts()
    return find_preparer(
        parts,
        Programs(parts, installation_id=INSTALLATION, run_id=bench.run.run_id),
        engine_name="xtrabackup",
        version=version,
        directory=directory,
        server_image=image,
        cancellation=bench.cancellation,
    )


def _prepare(bench: Bench, directory: Path) -> None:
    prepare(bench.context(), bench.parts(), _find(bench, directory), directory, guard=lambda: None)


def test_engine_of_the_servers_series_is_taken_where_it_is_found(bench: Bench, staged: Path) -> None:
    found = _find(bench, staged)

    assert (found.engine.name, found.place) == ("xtrabackup", "host")


def test_engine_of_another_series_is_refused_and_named_with_its_place(bench: Bench, staged: Path) -> None:
    with pytest.raises(EngineError) as caught:
        _find(bench, staged, Version(major=8, minor=4, patch=1))

    assert "no xtrabackup 8.4" in caught.value.message
    assert "host: xtrabackup is 9.7.4" in caught.value.message
    assert "sidecar_image" in caught.value.hint


def test_every_place_that_was_looked_at_is_named_when_none_has_the_engine(bench: Bench, staged: Path) -> None:
    bench.engine.version_error = ProgramError("xtrabackup is not installed")
    bench.backup_settings["sidecar_image"] = "percona/percona-xtrabackup:8.0"

    with pytest.raises(EngineError) as caught:
        _find(bench, staged, image="sha256:abc")

    for place in ("host", "image percona/percona-xtrabackup:8.0", "image sha256:abc"):
        assert f"{place}: xtrabackup is not installed" in caught.value.message


def test_cancelled_search_ends(bench: Bench, staged: Path) -> None:
    bench.cancellation.cancel()

    with pytest.raises(CancelledError):
        _find(bench, staged)


def test_backup_is_prepared_in_place(bench: Bench, staged: Path) -> None:
    _prepare(bench, staged)

    assert "full-prepared" in (staged / "xtrabackup_checkpoints").read_text()


def test_engine_that_says_ok_without_preparing_is_not_believed(bench: Bench, staged: Path) -> None:
    bench.engine.prepared_type = "full-backuped"

    with pytest.raises(VerificationError, match=r"could not be prepared.*'full-backuped' after the prepare"):
        _prepare(bench, staged)


def test_every_problem_of_a_prepare_is_named(bench: Bench, staged: Path) -> None:
    bench.engine.exit_code = 1
    bench.engine.last_line = "xtrabackup: giving up"
    (staged / "t.ibd.new").touch()

    with pytest.raises(VerificationError) as caught:
        _prepare(bench, staged)

    for problem in ("exit code 1", "not 'completed OK!'", "t.ibd.new"):
        assert problem in caught.value.message


def test_prepare_of_another_moment_is_refused(bench: Bench, staged: Path) -> None:
    (staged / "xtrabackup_checkpoints").write_text(CHECKPOINTS.format("full-backuped").replace("1200", "1300"))

    with pytest.raises(VerificationError, match="changed the LSNs"):
        _prepare(bench, staged)
