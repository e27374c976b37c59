"""Writing all files or none."""

from __future__ import annotations

import stat
from pathlib import Path, PurePosixPath

import pytest

from octeth_backupd.domain.secret import Secret
from octeth_backupd.errors import ConfigurationError, StorageError
from octeth_backupd.importing.writing import require_absent, write_files
from octeth_backupd.settings.example import blank_file


def _secret(directory: Path, name: str = "oempro.password") -> Secret:
    return Secret(path=PurePosixPath(directory / name), text="hunter2")


def test_files_appear_with_modes_for_root_alone(tmp_path: Path) -> None:
    directory = tmp_path / "etc"
    config = directory / "config.toml"

    written = write_files(config, "[a]\n", (_secret(directory),))

    assert written == (directory / "oempro.password", config)
    assert stat.S_IMODE(directory.stat().st_mode) == 0o750
    assert stat.S_IMODE(config.stat().st_mode) == 0o640
    assert stat.S_IMODE((directory / "oempro.password").stat().st_mode) == 0o600
    assert (directory / "oempro.password").read_text() == "hunter2\n"


def test_failure_leaves_nothing(tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.mkdir()

    with pytest.raises(StorageError):
        write_files(config, "[a]\n", (_secret(tmp_path),))

    assert [path.name for path in tmp_path.iterdir()] == ["config.toml"]


def test_configuration_that_is_there_is_never_overwritten(tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.symlink_to("nowhere")

    with pytest.raises(ConfigurationError, match="not overwritten"):
        require_absent(config, ())


def test_configuration_of_the_package_is_no_configuration_yet(tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text(blank_file())

    require_absent(config, ())
    write_files(config, "[a]\nb = 1\n", ())

    assert config.read_text() == "[a]\nb = 1\n"


def test_configuration_that_sets_something_is_not_overwritten(tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text("[a]\nb = 1\n")

    with pytest.raises(ConfigurationError, match="not overwritten"):
        require_absent(config, ())


def test_secret_that_is_there_with_another_content_is_a_refusal(tmp_path: Path) -> None:
    (tmp_path / "oempro.password").write_text("other\n")

    with pytest.raises(ConfigurationError, match="holds something else"):
        require_absent(tmp_path / "config.toml", (_secret(tmp_path),))


def test_secret_that_is_there_already_stays(tmp_path: Path) -> None:
    (tmp_path / "oempro.password").write_text("hunter2\n")

    require_absent(tmp_path / "config.toml", (_secret(tmp_path),))

    assert write_files(tmp_path / "config.toml", "", (_secret(tmp_path),)) == (tmp_path / "config.toml",)
