"""Metrics and freshness."""

from datetime import UTC, datetime

import pytest

from octeth_backupd.domain.freshness import Requirements, Verdict
from octeth_backupd.domain.holdings import ProofLevel
from tests.fakes.api_client import READER, STRANGER, ask
from tests.fakes.services import GIB, FakeServices, make_freshness


def test_metrics_are_text_for_everybody_who_may_read() -> None:
    answer = ask(FakeServices(), "GET", "/metrics", peer=READER)

    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert answer.text == "octeth_backupd_warnings 0.0\n"


def test_metrics_are_nothing_for_strangers() -> None:
    services = FakeServices()

    assert ask(services, "GET", "/metrics", peer=STRANGER).status_code == 403
    assert services.requests == []


def test_freshness_tells_the_worst_verdict_and_each_servers() -> None:
    services = FakeServices()
    services.judged.append(
        make_freshness(server="other", verdict=Verdict.CRITICAL, backup=None, age_seconds=None, problems=("none",))
    )

    document = ask(services, "GET", "/v1/freshness", peer=READER).json()

    assert document["verdict"] == "critical"
    assert document["servers"][0] == {
        "server": "oempro",
        "verdict": "ok",
        "backup": {
            "id": "oempro-2026-11-22_02-00-00",
            "taken_at": "2026-11-22T02:00:00Z",
            "size_bytes": GIB,
            "proof": "L2",
            "storages": ["local", "s3"],
        },
        "age_seconds": 18000.0,
        "problems": [],
    }
    assert document["servers"][1]["backup"] is None


def test_every_requirement_reaches_the_daemon() -> None:
    services = FakeServices()
    query = {
        "server": "oempro",
        "max_age_seconds": 93600,
        "min_size_bytes": 5,
        "proof": "L3",
        "storage": "s3",
        "before": "2026-11-22T02:00:00+03:00",
    }

    ask(services, "GET", "/v1/freshness", params=query)

    assert services.requests == [
        (
            "freshness",
            {
                "server": "oempro",
                "requirements": Requirements(
                    max_age_seconds=93600,
                    min_size_bytes=5,
                    proof=ProofLevel.STARTED,
                    storage="s3",
                    before=datetime(2026, 11, 21, 23, 0, tzinfo=UTC),
                ),
            },
        )
    ]


@pytest.mark.parametrize(
    "query", [{"max_age_seconds": "26h"}, {"proof": "L9"}, {"storage": "../x"}, {"before": "2026-11-22T02:00:00"}]
)
def test_what_makes_no_sense_is_refused(query: dict[str, str]) -> None:
    answer = ask(FakeServices(), "GET", "/v1/freshness", params=query)

    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "invalid_request")
