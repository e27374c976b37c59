from __future__ import annotations

from pathlib import Path

import pytest

from octeth_backupd.settings.environment import environment_name
from octeth_backupd.settings.keys import keys_of
from octeth_backupd.settings.reference import PAGE_PATH, main, reference_page, stale_files
from octeth_backupd.settings.settings import Settings

ROOT = Path(__file__).parents[3]


def test_generated_files_are_current() -> None:
    assert stale_files(ROOT) == [], "run: python -m octeth_backupd.settings.reference --write"


def test_every_key_is_described_with_its_variable() -> None:
    page = reference_page()

    for key in keys_of(Settings):
        assert key.field.description, f"{'.'.join(key.path)} has no description"
        assert f"`{environment_name(key.path)}`" in page


def test_write_brings_files_up_to_date(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--root", str(tmp_path)]) == 1
    assert not (tmp_path / PAGE_PATH).exists()

    assert main(["--root", str(tmp_path), "--write"]) == 0

    assert main(["--root", str(tmp_path)]) == 0
    assert "out of date: docs/reference/settings.md" in capsys.readouterr().out
