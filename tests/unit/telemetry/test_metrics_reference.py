"""The page of metrics."""

from pathlib import Path

import pytest

from octeth_backupd.domain.backup import CopyState, Operation, RunStatus, SlotState, Tier
from octeth_backupd.telemetry.families.registry import FAMILIES
from octeth_backupd.telemetry.metrics_reference import PAGE_PATH, main, reference_page

ROOT = Path(__file__).parents[3]


def test_the_page_is_up_to_date() -> None:
    assert (ROOT / PAGE_PATH).read_text() == reference_page(), "run make reference"


def test_the_page_names_every_metric_and_every_label() -> None:
    page = reference_page()

    assert all(f"| `{family.name}` |" in page for family in FAMILIES)
    assert all(f"| `{label}`" in page for family in FAMILIES for label in family.labels)


def test_the_page_names_every_value_of_a_closed_list() -> None:
    words = {
        word.strip()
        for row in reference_page().splitlines()
        if row.count("|") == 3
        for word in row.split("|")[2].split(",")
    }

    lists = (Tier, Operation, [one for one in RunStatus if one.is_final], CopyState, SlotState)
    known = {one.value for group in lists for one in group}
    assert known - {"deleted", "due"} <= words


def test_a_page_that_is_out_of_date_is_told_and_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--root", str(tmp_path)]) == 1
    assert main(["--root", str(tmp_path), "--write"]) == 0
    assert main(["--root", str(tmp_path)]) == 0

    assert capsys.readouterr().out == f"out of date: {PAGE_PATH}\nwritten: {PAGE_PATH}\n"
