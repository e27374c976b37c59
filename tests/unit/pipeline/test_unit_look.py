"""The unit of a server, and the unit of the one that answers."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest

from octeth_backupd.domain.server import Location, Placement
from octeth_backupd.errors import ServerUnreachableError
from octeth_backupd.pipeline import unit_look
from octeth_backupd.pipeline.restore.unit_facts import UnitFacts
from octeth_backupd.pipeline.unit_look import answering_unit, look_at_unit, unit_refusals
from octeth_backupd.servers.survey import Survey
from tests.unit.preflight.builder import facts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from octeth_backupd.servers.server import Server

LOCATION = Location(placement=Placement.SYSTEMD, addresses=(), systemd_unit="mysql.service")
ANSWERS = Survey(location=LOCATION, facts=facts())
SILENT = Survey(location=LOCATION)


class OneServer:
    """Its process, as a Unix socket tells it."""

    name = "oempro"

    def __init__(self, process_id: int | None = 7, *, is_down: bool = False) -> None:
        self._process_id = process_id
        self._is_down = is_down

    @contextmanager
    def connect(self, _location: Location) -> Iterator[Any]:
        if self._is_down:
            raise ServerUnreachableError("it is down")
        yield SimpleNamespace(server_process_id=self._process_id)


def server(process_id: int | None = 7, *, is_down: bool = False) -> Server:
    return cast("Server", OneServer(process_id, is_down=is_down))


def unit(**changes: Any) -> UnitFacts:
    return UnitFacts(**{"exists": True, "is_running": True, "name": "mysql.service", **changes})


def test_unit_of_the_process_that_answers_is_found(tmp_path: Path) -> None:
    (tmp_path / "7").mkdir()
    (tmp_path / "7" / "cgroup").write_text("0::/system.slice/mariadb.service\n")

    assert answering_unit(server(), ANSWERS, process_directory=tmp_path) == "mariadb.service"
    assert answering_unit(server(8), ANSWERS, process_directory=tmp_path) == ""
    assert answering_unit(server(None), ANSWERS, process_directory=tmp_path) == ""
    assert answering_unit(server(is_down=True), ANSWERS, process_directory=tmp_path) == ""
    assert answering_unit(server(), SILENT, process_directory=tmp_path) == ""


@pytest.mark.parametrize(
    ("found", "answering", "survey", "codes"),
    [
        (unit(), "mysql.service", ANSWERS, []),
        (unit(), "", ANSWERS, []),
        (unit(exists=False, is_running=False), "", SILENT, ["unit_absent"]),
        (unit(exists=False, is_running=False), "", ANSWERS, ["unit_absent"]),
        (unit(is_running=False), "", ANSWERS, ["not_in_unit"]),
        (unit(), "mariadb.service", ANSWERS, ["not_in_unit"]),
        (unit(is_running=False), "", SILENT, []),
        (unit(exists=False, is_running=False, is_known=False), "", ANSWERS, []),
    ],
)
def test_restore_is_refused_where_another_server_answers(
    found: UnitFacts, answering: str, survey: Survey, codes: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unit_look, "answering_unit", lambda *_: answering)

    assert [refusal.code for refusal in unit_refusals(server(), survey, found)] == codes


def test_what_systemd_does_not_know_does_not_exist(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = "Id=mysql.service\nLoadState=not-found\nActiveState=inactive\n"
    monkeypatch.setattr(unit_look, "on_host", lambda _host: lambda *_: shown)
    monkeypatch.setattr(unit_look, "answering_unit", lambda *_: "mariadb.service")

    standing = look_at_unit(server(), ANSWERS, cast("Any", None))

    assert standing is not None
    assert (standing.is_known, standing.exists, standing.other) == (True, False, "mariadb.service")
    assert look_at_unit(server(), Survey(), cast("Any", None)) is None


def test_systemd_that_does_not_answer_is_told_from_a_unit_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unit_look, "on_host", lambda _host: lambda *_: None)

    standing = look_at_unit(server(), SILENT, cast("Any", None))

    assert standing is not None
    assert not standing.is_known
