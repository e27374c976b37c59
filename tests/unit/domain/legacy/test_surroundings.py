"""What is known of the host."""

from __future__ import annotations

from pathlib import PurePosixPath

from tests.unit.domain.legacy.build import around

OLD, NEW = PurePosixPath("/opt/oempro/data"), PurePosixPath("/opt/octeth/data")


def test_symbolic_link_leads_to_the_same_directory() -> None:
    found = around(real_paths={OLD: NEW})

    assert found.is_same_directory(OLD, NEW)
    assert not around().is_same_directory(OLD, NEW)


def test_variable_was_never_read_only_where_the_scripts_are_there_to_tell() -> None:
    assert around(scripts="echo $BACKUP_DIR").never_read("KEEP_LOCAL_BACKUP")
    assert not around(scripts="$KEEP_LOCAL_BACKUP").never_read("KEEP_LOCAL_BACKUP")
    assert not around().never_read("KEEP_LOCAL_BACKUP")
