"""``last-good``."""

import json

import pytest

from octeth_backupd.cli.ctl.failure import CommandFailedError
from octeth_backupd.domain.freshness import Verdict
from tests.fakes.services import FakeServices, make_freshness
from tests.fakes.terminal import FakeConnection, run_command


def _services(**changes: object) -> FakeServices:
    services = FakeServices()
    services.judged = [make_freshness(**changes)]
    return services


NONE = {"verdict": Verdict.CRITICAL, "backup": None, "age_seconds": None, "problems": ("no verified backup",)}


@pytest.mark.parametrize("verdict", [Verdict.OK, Verdict.WARNING])
def test_the_id_alone_is_printed(verdict: Verdict) -> None:
    code, screen = run_command(FakeConnection(_services(verdict=verdict)), "last-good")

    assert (code, screen.shown) == (0, "oempro-2026-11-22_02-00-00\n")


def test_none_ends_with_one_and_prints_nothing_on_standard_output() -> None:
    code, screen = run_command(FakeConnection(_services(**NONE)), "last-good")

    assert (code, screen.shown) == (1, "")
    assert screen.said == "octeth-backupctl: oempro: no verified backup\n"


def test_one_that_is_too_old_is_none() -> None:
    services = _services(verdict=Verdict.CRITICAL, problems=("it is 30 h old",))

    assert run_command(FakeConnection(services), "last-good", "--max-age", "24h")[0] == 1


def test_json_says_whether_it_was_found() -> None:
    code, screen = run_command(FakeConnection(_services(**NONE)), "last-good", "--json")

    document = json.loads(screen.shown)
    assert (code, document["found"], document["backup"], document["schema_version"]) == (1, False, None, 1)


def test_any_age_will_do_unless_one_was_given() -> None:
    services = _services()

    run_command(FakeConnection(services), "last-good", "--before", "2026-11-23")

    requirements = services.requests[0][1]["requirements"]
    assert requirements.max_age_seconds is None
    assert requirements.before.isoformat() == "2026-11-23T00:00:00+00:00"


def test_of_several_servers_one_must_be_named() -> None:
    services = _services()
    services.judged.append(make_freshness(server="other"))

    with pytest.raises(CommandFailedError, match="several servers") as caught:
        run_command(FakeConnection(services), "last-good")
    assert caught.value.exit_code == 2
    assert run_command(FakeConnection(services), "last-good", "--server", "other")[0] == 0
