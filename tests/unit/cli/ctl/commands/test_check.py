"""``check``."""

import json

import pytest

from octeth_backupd.domain.freshness import Verdict
from octeth_backupd.errors import CatalogError
from tests.fakes.services import FakeServices, make_freshness
from tests.fakes.terminal import FakeConnection, run_command

FAILED = ("the last backup run failed: no | space\nleft",)


def _services(verdict: Verdict, problems: tuple[str, ...] = ()) -> FakeServices:
    services = FakeServices()
    services.judged = [make_freshness(verdict=verdict, problems=problems)]
    return services


@pytest.mark.parametrize(("verdict", "code"), [(Verdict.OK, 0), (Verdict.WARNING, 1), (Verdict.CRITICAL, 2)])
@pytest.mark.parametrize("form", [(), ("--nagios",), ("--json",)])
def test_the_exit_code_is_the_verdicts_in_every_form(verdict: Verdict, code: int, form: tuple[str, ...]) -> None:
    assert run_command(FakeConnection(_services(verdict, FAILED)), "check", *form)[0] == code


def test_people_are_told_what_there_is() -> None:
    _, screen = run_command(FakeConnection(_services(Verdict.OK)), "check")

    assert screen.shown == "ok: oempro-2026-11-22_02-00-00 is 5 h 00 min old, 1.0 GiB, in local, s3\n"


def test_nagios_gets_exactly_one_line_with_performance_data() -> None:
    _, screen = run_command(
        FakeConnection(_services(Verdict.WARNING, FAILED)), "check", "--nagios", "--min-size", "1MiB"
    )

    assert screen.shown == (
        "OCTETH BACKUP WARNING - oempro: the last backup run failed: no / space left | "
        "oempro_age=18000s;;93600;0; oempro_size=1073741824B;;1048576:;0;\n"
    )


def test_a_daemon_that_cannot_answer_is_unknown_on_one_line() -> None:
    services = _services(Verdict.OK)
    services.fail_with = CatalogError("the catalog is locked")

    code, screen = run_command(FakeConnection(services), "check", "--nagios")

    assert (code, screen.shown) == (3, "OCTETH BACKUP UNKNOWN - the catalog is locked\n")


def test_an_option_that_makes_no_sense_is_unknown() -> None:
    code, screen = run_command(FakeConnection(_services(Verdict.OK)), "check", "--nagios", "--max-age", "soon")

    assert code == 3
    assert screen.shown.startswith("OCTETH BACKUP UNKNOWN - --max-age: not a length of time")


def test_no_server_is_critical() -> None:
    services = FakeServices()
    services.judged = []

    code, screen = run_command(FakeConnection(services), "check", "--nagios")

    assert (code, screen.shown) == (2, "OCTETH BACKUP CRITICAL - no server is configured\n")


def test_json_is_the_daemons_document() -> None:
    _, screen = run_command(FakeConnection(_services(Verdict.OK)), "check", "--json")

    assert json.loads(screen.shown)["servers"][0]["backup"]["proof"] == "L2"
