"""What is written when a package is built."""

from __future__ import annotations

import gzip
import stat
import tomllib
from typing import TYPE_CHECKING

from octeth_backupd.cli.manuals.__main__ import main
from octeth_backupd.cli.manuals.pages import manual_pages

if TYPE_CHECKING:
    from pathlib import Path


def test_everything_lies_where_a_package_has_it(tmp_path: Path) -> None:
    code = main([str(tmp_path)])

    config = tmp_path / "etc/octeth-backupd/config.toml"
    page = tmp_path / "usr/share/man/man8/octeth-backupd.8.gz"
    assert code == 0
    assert stat.S_IMODE(config.stat().st_mode) == 0o640
    assert "servers" not in tomllib.loads(config.read_text())
    assert gzip.decompress(page.read_bytes()).decode() == manual_pages()["octeth-backupd.8"]
    assert (tmp_path / "usr/share/bash-completion/completions/octeth-backupd").stat().st_mode & 0o777 == 0o644


def test_same_source_gives_the_same_bytes(tmp_path: Path) -> None:
    main([str(tmp_path / "one")])
    main([str(tmp_path / "two")])

    page = "usr/share/man/man1/octeth-backupctl.1.gz"
    assert (tmp_path / "one" / page).read_bytes() == (tmp_path / "two" / page).read_bytes()
