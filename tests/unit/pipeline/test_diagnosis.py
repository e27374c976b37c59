"""All checks, for doctor."""

from __future__ import annotations

from typing import TYPE_CHECKING

from octeth_backupd.domain.checks import CheckStatus
from octeth_backupd.errors import ServerError
from octeth_backupd.pipeline.diagnosis import diagnose
from octeth_backupd.preflight.registry import CHECKS
from tests.fakes.server import FakeServer

if TYPE_CHECKING:
    from tests.fakes.bench import Bench

ID = "i" * 32


def test_every_check_answers_and_nothing_is_left_behind(bench: Bench) -> None:
    results = diagnose(bench.parts(), ID, "oempro")

    assert [result.name for result in results] == [check.name for check in CHECKS]
    assert {result.status for result in results} <= {CheckStatus.PASSED, CheckStatus.WARNING}
    assert bench.stored() == []


def test_all_servers_are_diagnosed_and_one_that_breaks_hides_no_other(bench: Bench) -> None:
    broken = FakeServer(bench.directory, name="broken")
    broken.survey_error = ServerError("it said nonsense", hint="Look at it.")

    results = diagnose(bench.parts(servers={"broken": broken, "oempro": bench.server}), ID, None)

    assert results[0].server == "broken"
    assert (results[0].name, results[0].status, results[0].fix) == ("inspection", CheckStatus.FAILED, "Look at it.")
    assert {result.server for result in results[1:]} == {"oempro"}
