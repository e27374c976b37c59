"""All checks, for doctor."""

from __future__ import annotations

from typing import TYPE_CHECKING

from octeth_backupd.domain.checks import CheckResult, CheckStatus
from octeth_backupd.errors import ServerError
from octeth_backupd.pipeline.diagnosis import diagnose
from octeth_backupd.preflight.registry import CHECKS
from octeth_backupd.storage.local_doctor import STEPS
from tests.fakes.server import FakeServer
from tests.fakes.storage import MemoryStorage

if TYPE_CHECKING:
    from tests.fakes.bench import Bench

ID = "i" * 32


def test_every_check_answers_and_nothing_is_left_behind(bench: Bench) -> None:
    results = diagnose(bench.parts(), ID, "oempro")

    assert [result.name for result in results] == [*STEPS, *(check.name for check in CHECKS)]
    assert {result.status for result in results} <= {CheckStatus.PASSED, CheckStatus.WARNING}
    assert bench.stored() == []


def test_all_servers_are_diagnosed_and_one_that_breaks_hides_no_other(bench: Bench) -> None:
    broken = FakeServer(bench.directory, name="broken")
    broken.survey_error = ServerError("it said nonsense", hint="Look at it.")

    results = diagnose(bench.parts(servers={"broken": broken, "oempro": bench.server}), ID, None)

    of_servers = [result for result in results if result.server]
    assert of_servers[0].server == "broken"
    assert (of_servers[0].name, of_servers[0].status) == ("inspection", CheckStatus.FAILED)
    assert of_servers[0].fix == "Look at it."
    assert {result.server for result in of_servers[1:]} == {"oempro"}


def test_every_storage_backend_is_tried_and_a_bad_one_hides_nothing(bench: Bench) -> None:
    bad = MemoryStorage("s3", is_remote=True)
    bad.diagnosis = (CheckResult(name="storage_list", status=CheckStatus.FAILED, summary="s3: access denied"),)

    results = diagnose(bench.parts(storages=(bad, bench.storage)), ID, None)

    assert [result.name for result in results if not result.server] == ["storage_list", *STEPS]
    assert {result.server for result in results} == {"", "oempro"}
