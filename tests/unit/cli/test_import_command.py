"""The command ``octeth-backupd import``."""

from __future__ import annotations

import argparse
import json
import os
from typing import TYPE_CHECKING, Any

import pytest

from octeth_backupd.cli import import_command
from octeth_backupd.cli.daemon import build_parser, main
from octeth_backupd.domain.legacy.report import Fate, Note
from octeth_backupd.importing.importer import ImportOrder, ImportResult

if TYPE_CHECKING:
    from pathlib import Path

NOTES = (
    Note(fate=Fate.TAKEN, subject="MYSQL_HOST", message="[servers.oempro] container", source=".env:1"),
    Note(fate=Fate.BY_HAND, subject="MYSQL_ROOT_PASSWORD", message="is not set"),
)


@pytest.fixture
def orders(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[ImportOrder]:
    """An import that does nothing but note what it was asked for."""
    asked: list[ImportOrder] = []

    def run_import(order: ImportOrder, *_: Any) -> ImportResult:
        asked.append(order)
        return ImportResult(
            config_path=tmp_path / "config.toml",
            config_text="[servers.oempro]\n",
            notes=NOTES,
            written=() if order.dry_run else (tmp_path / "config.toml",),
            cron=("/var/spool/cron/crontabs/root:", "  1: 0 2 * * * octeth-backup.sh"),
            removed=(),
        )

    monkeypatch.setattr(import_command, "run_import", run_import)
    monkeypatch.setattr(import_command, "find_sources", lambda _: None)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    return asked


def test_report_names_what_was_written_and_what_is_left(
    orders: list[ImportOrder], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["import", str(tmp_path)]) == 0

    out = capsys.readouterr().out
    assert "MYSQL_ROOT_PASSWORD: is not set" in out
    assert f"written: {tmp_path}/config.toml" in out
    assert "0 2 * * * octeth-backup.sh" in out
    assert "retention" in out


def test_dry_run_prints_the_configuration_and_says_that_nothing_was_changed(
    orders: list[ImportOrder], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["import", str(tmp_path), "--dry-run", "--timezone", "Europe/Berlin"]) == 0

    out = capsys.readouterr().out
    assert "  [servers.oempro]" in out
    assert "Nothing was changed." in out
    assert (orders[0].dry_run, orders[0].timezone) == (True, "Europe/Berlin")


def test_json_is_one_document(orders: list[ImportOrder], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["import", str(tmp_path), "--json", "--archives", "--server", "oempro", "--remove-cron"]) == 0

    document = json.loads(capsys.readouterr().out)
    assert document["notes"][0] == {
        "fate": "taken over",
        "subject": "MYSQL_HOST",
        "message": "[servers.oempro] container",
        "source": ".env:1",
    }
    assert (orders[0].archives_only, orders[0].server, orders[0].remove_cron) == (True, "oempro", True)


def test_import_is_for_root(
    orders: list[ImportOrder],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)

    assert main(["import", str(tmp_path)]) == 77
    assert "root" in capsys.readouterr().err
    assert orders == []


def test_interrupt_is_no_traceback(
    orders: list[ImportOrder],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def interrupted(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(import_command, "run_import", interrupted)

    assert main(["import", str(tmp_path)]) == 130
    assert "running the import again" in capsys.readouterr().err


def test_output_and_archives_exclude_each_other(tmp_path: Path) -> None:
    with pytest.raises(SystemExit) as caught:
        build_parser().parse_args(["import", str(tmp_path), "--output", "x", "--archives"])

    assert caught.value.code == 2
    assert isinstance(build_parser(), argparse.ArgumentParser)
