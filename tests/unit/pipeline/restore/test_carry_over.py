"""pipeline.restore.carry_over."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from octeth_backupd.errors import StorageError
from octeth_backupd.pipeline.restore.carry_over import carry_over


@pytest.fixture
def directories(tmp_path: Path) -> tuple[Path, Path]:
    """The present data directory and what takes its place."""
    present, staged = tmp_path / "present", tmp_path / "staged"
    present.mkdir()
    staged.mkdir()
    return present, staged


def test_files_are_copied_with_their_mode_and_stay_where_they_are(directories: tuple[Path, Path]) -> None:
    present, staged = directories
    (present / "private_key.pem").write_text("key")
    (present / "private_key.pem").chmod(0o600)
    (present / "ca.pem").write_text("certificate")
    (present / "ca.pem").chmod(0o644)

    carried = carry_over(present, staged, ("ca.pem", "private_key.pem"))

    assert carried == ("ca.pem", "private_key.pem")
    assert {path.name: (path.read_text(), stat.S_IMODE(path.stat().st_mode)) for path in staged.iterdir()} == {
        "ca.pem": ("certificate", 0o644),
        "private_key.pem": ("key", 0o600),
    }
    assert (present / "ca.pem").exists()


def test_directories_and_links_go_along_as_they_are(directories: tuple[Path, Path], tmp_path: Path) -> None:
    present, staged = directories
    (present / "keyring").mkdir(mode=0o750)
    (present / "keyring/data").write_text("keys")
    (present / "keyring/current").symlink_to("data")
    (present / "server-cert.pem").symlink_to(tmp_path / "elsewhere.pem")

    carry_over(present, staged, ("keyring", "server-cert.pem"))

    assert (staged / "keyring/data").read_text() == "keys"
    assert (staged / "keyring/current").readlink() == Path("data")
    assert (staged / "server-cert.pem").readlink() == tmp_path / "elsewhere.pem"


def test_what_is_staged_under_the_name_is_replaced_each_time(directories: tuple[Path, Path], tmp_path: Path) -> None:
    present, staged = directories
    outside = tmp_path / "outside"
    outside.write_text("untouched")
    (staged / "ca.pem").symlink_to(outside)
    (staged / "keyring").mkdir()
    (staged / "keyring/old").touch()
    (present / "ca.pem").write_text("1")
    (present / "keyring").write_text("a file now")

    for text in ("2", "3"):
        (present / "ca.pem").write_text(text)
        carry_over(present, staged, ("ca.pem", "keyring"))

    assert (staged / "ca.pem").read_text() == "3"
    assert (staged / "keyring").read_text() == "a file now"
    assert outside.read_text() == "untouched"


def test_file_in_a_directory_goes_along_with_the_directory_above_it(directories: tuple[Path, Path]) -> None:
    present, staged = directories
    (present / "tls").mkdir(mode=0o710)
    (present / "tls/server.crt").write_text("certificate")
    (present / "tls/unrelated").touch()

    assert carry_over(present, staged, ("tls/server.crt",)) == ("tls/server.crt",)

    assert [path.name for path in (staged / "tls").iterdir()] == ["server.crt"]
    assert stat.S_IMODE((staged / "tls").stat().st_mode) == 0o710


def test_what_is_not_there_is_passed_over(directories: tuple[Path, Path], tmp_path: Path) -> None:
    present, staged = directories
    (staged / "ca.pem").write_text("of the backup")

    assert carry_over(present, staged, ("ca.pem", "tls/x")) == ()
    assert carry_over(tmp_path / "absent", staged, ("ca.pem",)) == ()
    assert (staged / "ca.pem").read_text() == "of the backup"


def test_something_else_is_refused(directories: tuple[Path, Path]) -> None:
    present, staged = directories
    os.mkfifo(present / "keyring")

    with pytest.raises(StorageError, match="neither a file nor"):
        carry_over(present, staged, ("keyring",))
