"""A survey with a time limit."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from octeth_backupd.errors import CatalogError, DockerError
from octeth_backupd.pipeline.restore.survey import survey_within
from tests.fakes.server import FakeServer

if TYPE_CHECKING:
    from pathlib import Path

    from octeth_backupd.domain.server import Location
    from octeth_backupd.servers.survey import Survey


class SilentServer(FakeServer):
    """Does not answer until it is let go."""

    def __init__(self, data_directory: Path) -> None:
        super().__init__(data_directory)
        self.released = threading.Event()
        self.locate_error: DockerError | None = None

    def survey(self) -> Survey:
        self.released.wait(10)
        return super().survey()

    def locate(self) -> Location:
        if self.locate_error is not None:
            raise self.locate_error
        return super().locate()


def test_what_is_found_out_in_time_is_returned(tmp_path: Path) -> None:
    server = FakeServer(tmp_path)

    assert survey_within(server) is server.surveyed


def test_an_error_of_the_survey_comes_through(tmp_path: Path) -> None:
    server = FakeServer(tmp_path)
    server.survey_error = CatalogError("broken")

    with pytest.raises(CatalogError, match="broken"):
        survey_within(server)


def test_a_silent_server_is_located_and_no_more(tmp_path: Path) -> None:
    server = SilentServer(tmp_path)

    survey = survey_within(server, seconds=0.01)
    server.released.set()

    assert survey.location is not None
    assert survey.facts is None
    assert survey.error is not None
    assert "has not answered within 0.01 s" in survey.error.message


def test_an_engine_that_cannot_be_asked_either_is_the_reason(tmp_path: Path) -> None:
    server = SilentServer(tmp_path)
    server.locate_error = DockerError("is down")

    survey = survey_within(server, seconds=0.01)
    server.released.set()

    assert survey.location is None
    assert survey.error_stage == "docker"
