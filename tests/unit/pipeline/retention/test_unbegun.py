"""A mark without a deletion behind it is taken away before a plan is made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from octeth_backupd.domain.backup import CopyState, Operation, RunStatus
from octeth_backupd.domain.names import manifest_name
from octeth_backupd.domain.retention.copy_detail import EXPIRING
from octeth_backupd.pipeline.retention.operations import apply_retention
from octeth_backupd.pipeline.retention.unbegun import release_unbegun
from tests.fakes.runs import a_run

if TYPE_CHECKING:
    from octeth_backupd.domain.backup import Backup
    from tests.fakes.shelf import Shelf


def marked(shelf: Shelf) -> Backup:
    backup = shelf.nights(1)[0]
    copy = next(one for one in shelf.bench.catalog.backup(backup.backup_id).copies if one.storage == "s3")
    assert shelf.bench.catalog.claims.claim(copy, staying=())
    return backup


def test_whole_copy_that_is_kept_by_now_loses_its_mark_and_stays(shelf: Shelf) -> None:
    backup = marked(shelf)

    apply_retention(shelf.context(Operation.RETENTION), shelf.parts)

    assert shelf.copy_detail(backup, "s3") == (CopyState.PRESENT, "")
    assert shelf.files_of(backup) <= shelf.files()


def test_copy_without_its_manifest_keeps_the_mark(shelf: Shelf) -> None:
    backup = marked(shelf)
    shelf.remote.delete(manifest_name(backup.copies[0].key))

    release_unbegun(shelf.context(Operation.RETENTION), shelf.parts)

    assert shelf.copy_detail(backup, "s3") == (CopyState.PRESENT, EXPIRING)


def test_marks_are_left_to_an_upload_run_that_goes_on(shelf: Shelf) -> None:
    backup = marked(shelf)
    shelf.bench.catalog.add_run(a_run("up", operation=Operation.UPLOAD, status=RunStatus.RUNNING))

    release_unbegun(shelf.context(Operation.RETENTION), shelf.parts)

    assert shelf.copy_detail(backup, "s3") == (CopyState.PRESENT, EXPIRING)
