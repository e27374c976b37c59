"""Half-written files of the local tree."""

from __future__ import annotations

from typing import TYPE_CHECKING

from octeth_backupd.pipeline.sync.partial_files import partial_files

if TYPE_CHECKING:
    from pathlib import Path


def test_only_partial_files_are_found_under_the_keys_they_would_have_had(tmp_path: Path) -> None:
    for name in (
        "oempro/daily/.a.tar.zst.partial",
        "oempro/daily/.hidden",
        "oempro/daily/b.partial",
        "shop/.c.partial",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"half")
    (tmp_path / ".workspace" / "run").mkdir(parents=True)
    (tmp_path / ".workspace" / "run" / ".x.partial").touch()

    assert [(file.key, file.size_bytes) for file in partial_files(tmp_path)] == [
        ("oempro/daily/a.tar.zst", 4),
        ("shop/c", 4),
    ]
    assert [file.key for file in partial_files(tmp_path, "shop/")] == ["shop/c"]
