"""Metrics as a file for node_exporter."""

from pathlib import Path

from octeth_backupd.domain.figures import Figures
from octeth_backupd.errors import CatalogError
from octeth_backupd.telemetry.metrics_textfile import MetricsTextfile
from tests.fakes.figures import make_full_figures


def test_the_file_is_whole_and_everybody_may_read_it(tmp_path: Path) -> None:
    path = tmp_path / "octeth_backupd.prom"

    assert MetricsTextfile(lambda: path, make_full_figures).write() == ""

    assert path.stat().st_mode & 0o777 == 0o644
    assert path.read_text().count("# TYPE") == path.read_text().count("# HELP") > 30
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_that_is_not_named_any_more_is_removed(tmp_path: Path) -> None:
    paths: list[Path | None] = [tmp_path / "a.prom", tmp_path / "b.prom", None]
    textfile = MetricsTextfile(lambda: paths[0], make_full_figures)

    textfile.write()
    paths.pop(0)
    textfile.write()
    assert [path.name for path in tmp_path.iterdir()] == ["b.prom"]
    paths.pop(0)
    textfile.write()

    assert list(tmp_path.iterdir()) == []


def test_a_directory_that_is_not_there_is_told_and_never_raises(tmp_path: Path) -> None:
    textfile = MetricsTextfile(lambda: tmp_path / "none" / "a.prom", make_full_figures)

    assert "cannot be written" in textfile.write()


def test_figures_that_cannot_be_taken_leave_the_file_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "a.prom"
    path.write_text("before\n")

    def broken() -> Figures:
        raise CatalogError("the catalog is locked")

    assert MetricsTextfile(lambda: path, broken).write() == (
        "the metrics file cannot be written: the catalog is locked"
    )
    assert path.read_text() == "before\n"
