"""A run's events as server-sent events."""

import threading
from typing import Any

import pytest

from octeth_backupd.control.streams import event_document, run_detail
from octeth_backupd.domain.backup import RunStatus, StepRecord
from octeth_backupd.domain.events import (
    Event,
    ProgramOutput,
    RunFinished,
    RunQueued,
    RunStarted,
    StepFinished,
    StepProgress,
    StepStarted,
    Warned,
)
from tests.fakes.api_client import READER, ask, events_of
from tests.fakes.services import NOW, FakeServices, make_run

ABOUT: dict[str, Any] = {"run_id": "run-1", "server": "oempro", "at": NOW}


@pytest.mark.parametrize(
    ("event", "kind", "keys"),
    [
        (RunQueued(**ABOUT, run=make_run()), "run_queued", {"run"}),
        (RunStarted(**ABOUT, run=make_run()), "run_started", {"run"}),
        (StepStarted(**ABOUT, step="backup"), "step_started", {"step"}),
        (
            StepProgress(**ABOUT, step="backup", done_bytes=1, total_bytes=2, rate_bytes_per_second=3.0),
            "step_progress",
            {"step", "done_bytes", "total_bytes", "rate_bytes_per_second"},
        ),
        (
            StepFinished(**ABOUT, step="backup", status=RunStatus.SUCCESS, duration_seconds=2.5),
            "step_finished",
            {"step", "status", "duration_seconds", "error"},
        ),
        (ProgramOutput(**ABOUT, program="tar", line="x"), "output", {"program", "line"}),
        (Warned(**ABOUT, message="careful"), "warning", {"message"}),
        (RunFinished(**ABOUT, run=make_run()), "run_finished", {"run"}),
    ],
)
def test_each_event_has_its_published_type_and_keys(event: Event, kind: str, keys: set[str]) -> None:
    document = event_document(event)

    assert document is not None
    assert document["type"] == kind
    assert set(document) == keys | {"schema_version", "type", "run_id", "server", "at"}
    assert document["at"] == "2026-11-22T02:00:00Z"


def test_an_event_of_an_unknown_kind_is_not_told() -> None:
    assert event_document(Event(**ABOUT)) is None


def test_a_run_that_is_over_is_told_as_it_is_and_the_stream_ends() -> None:
    response = ask(FakeServices(), "GET", "/v1/runs/run-1/events", peer=READER)

    assert response.headers["content-type"].startswith("text/event-stream")
    assert [event["type"] for event in events_of(response)] == ["run", "run_finished"]
    assert events_of(response)[1]["run"]["status"] == "success"


def test_a_running_run_is_told_as_it_stands_then_event_by_event_to_its_end() -> None:
    services = FakeServices(runs=[make_run(status=RunStatus.RUNNING, finished_at=None)])
    services.current_progress = StepProgress(
        **ABOUT, step="backup", done_bytes=5, total_bytes=9, rate_bytes_per_second=1.0
    )

    def play() -> None:
        services.subscribed.wait(10)
        services.publish(StepStarted(**ABOUT, step="archive"))
        services.publish(StepStarted(**{**ABOUT, "run_id": "other"}, step="archive"))
        services.finish("run-1", RunStatus.DEGRADED)

    thread = threading.Thread(target=play)
    thread.start()
    events = events_of(ask(services, "GET", "/v1/runs/run-1/events"))
    thread.join()

    assert events[0]["type"] == "run"
    assert events[-1]["type"] == "run_finished"
    assert events[-1]["run"]["status"] == "degraded"
    assert {event.get("run_id", "run-1") for event in events} == {"run-1"}
    assert services.subscribers == []


def test_a_finish_that_was_never_published_is_noticed_in_the_silence() -> None:
    services = FakeServices(runs=[make_run(status=RunStatus.RUNNING, finished_at=None)])

    def end_silently() -> None:
        services.subscribed.wait(10)
        services.all_runs[0] = make_run(status=RunStatus.INTERRUPTED)

    thread = threading.Thread(target=end_silently)
    thread.start()
    events = events_of(ask(services, "GET", "/v1/runs/run-1/events"))
    thread.join()

    assert events[-1]["type"] == "run_finished"
    assert events[-1]["run"]["status"] == "interrupted"


def test_a_silent_run_keeps_the_connection_alive_with_comments() -> None:
    services = FakeServices(runs=[make_run(status=RunStatus.RUNNING, finished_at=None)])
    timer = threading.Timer(1.5, services.finish, args=("run-1", RunStatus.SUCCESS))
    timer.start()

    response = ask(services, "GET", "/v1/runs/run-1/events")

    assert "\n: still running\n\n" in response.text


def test_a_runs_detail_has_its_steps_and_progress_only_while_it_runs() -> None:
    services = FakeServices(runs=[make_run("a"), make_run("b", status=RunStatus.RUNNING, finished_at=None)])
    services.current_progress = StepProgress(
        **ABOUT, step="backup", done_bytes=5, total_bytes=9, rate_bytes_per_second=1.0
    )
    services.all_steps["a"] = [
        StepRecord(run_id="a", position=1, name="preflight", status=RunStatus.SUCCESS, started_at=NOW)
    ]

    assert run_detail(services, "a").progress is None
    assert [step.name for step in run_detail(services, "a").steps] == ["preflight"]
    progress = run_detail(services, "b").progress
    assert progress is not None
    assert (progress.step, progress.done_bytes) == ("backup", 5)
