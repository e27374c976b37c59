"""A run's events as a stream of server-sent events.

First the run as it is now (``run``), then each event as it happens, then ``run_finished`` and the end. Nothing is
replayed. A stream that ends without ``run_finished`` was cut: the daemon stops, or the connection broke.

Source:
    WHATWG HTML standard, "Server-sent events": fields ``event`` and ``data``, a blank line ends an event, a line that
    begins with a colon is a comment.
"""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import anyio
from starlette.responses import Response

from octeth_backupd.control.schemas import ProgressView, RunDetailDocument, RunView, StepView
from octeth_backupd.domain import events

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.types import Receive, Scope, Send

    from octeth_backupd.control.calls import Calls
    from octeth_backupd.control.services import Services, Subscription

_POLL_SECONDS = 0.5


def run_detail(services: Services, run_id: str) -> RunDetailDocument:
    """Read a run, its steps and its progress."""
    run = services.find_run(run_id)
    progress = None if run.status.is_final else services.progress(run_id)
    return RunDetailDocument(
        run=RunView.model_validate(run),
        steps=[StepView.model_validate(step) for step in services.steps(run_id)],
        progress=None if progress is None else ProgressView.model_validate(progress),
    )


def event_document(event: events.Event) -> dict[str, Any] | None:
    """Return an event as JSON types, or None for a kind that clients are not told of."""
    match event:
        case events.RunQueued(run=run):
            fields: dict[str, Any] = {"type": "run_queued", "run": _json(run)}
        case events.RunStarted(run=run):
            fields = {"type": "run_started", "run": _json(run)}
        case events.RunFinished(run=run):
            fields = {"type": "run_finished", "run": _json(run)}
        case events.StepStarted():
            fields = {"type": "step_started", "step": event.step}
        case events.StepProgress():
            fields = {
                "type": "step_progress",
                "step": event.step,
                "done_bytes": event.done_bytes,
                "total_bytes": event.total_bytes,
                "rate_bytes_per_second": event.rate_bytes_per_second,
            }
        case events.StepFinished():
            fields = {
                "type": "step_finished",
                "step": event.step,
                "status": event.status,
                "duration_seconds": event.duration_seconds,
                "error": event.error,
            }
        case events.ProgramOutput():
            fields = {"type": "output", "program": event.program, "line": event.line}
        case events.Warned():
            fields = {"type": "warning", "message": event.message}
        case _:
            return None
    at = event.at.isoformat().replace("+00:00", "Z")
    return {"schema_version": 1, **fields, "run_id": event.run_id, "server": event.server, "at": at}


def _json(run: Any) -> Any:
    return RunView.model_validate(run).model_dump(mode="json")


class EventStream(Response):
    """The answer that goes on until the run is over, the client leaves or the server stops."""

    media_type = "text/event-stream"

    def __init__(self, calls: Calls, run_id: str) -> None:
        self._calls = calls
        self._run_id = run_id
        super().__init__(headers={"cache-control": "no-store"})
        del self.headers["content-length"]

    async def __call__(self, _scope: Scope, receive: Receive, send: Send) -> None:
        """Send the stream, watching for the client's leaving."""
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        async with anyio.create_task_group() as group:

            async def until_disconnected() -> None:
                while (await receive())["type"] != "http.disconnect":
                    pass
                group.cancel_scope.cancel()

            group.start_soon(until_disconnected)
            async for chunk in self._chunks():
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
            await send({"type": "http.response.body", "body": b""})
            group.cancel_scope.cancel()

    async def _chunks(self) -> AsyncIterator[bytes]:
        services = self._calls.services
        # Subscribed before the state is read, so that nothing falls between the two.
        with services.subscribe(self._run_id) as subscription:
            detail = await self._calls.quick(lambda: run_detail(services, self._run_id))
            yield _frame({"type": "run", **detail.model_dump(mode="json")})
            if detail.run.status.is_final:
                yield self._finished(detail)
                return
            async for chunk in self._live(subscription):
                yield chunk

    async def _live(self, subscription: Subscription) -> AsyncIterator[bytes]:
        quiet_since = time.monotonic()
        while not self._calls.stopping.is_set():
            event = await self._calls.stream(lambda: subscription.get(_POLL_SECONDS))
            if event is not None:
                document = event_document(event)
                if document is not None:
                    yield _frame(document)
                    quiet_since = time.monotonic()
                if isinstance(event, events.RunFinished):
                    return
            elif time.monotonic() - quiet_since >= self._calls.limits.silence_seconds:
                # Looks the end up as well: a finish that was never published must not leave the client waiting.
                detail = await self._calls.quick(lambda: run_detail(self._calls.services, self._run_id))
                if detail.run.status.is_final:
                    yield self._finished(detail)
                    return
                yield b": still running\n\n"
                quiet_since = time.monotonic()

    def _finished(self, detail: RunDetailDocument) -> bytes:
        run = detail.run.model_dump(mode="json")
        return _frame(
            {
                "schema_version": 1,
                "type": "run_finished",
                "run": run,
                "run_id": run["id"],
                "server": run["server"],
                "at": run["finished_at"],
            }
        )


def _frame(document: dict[str, Any]) -> bytes:
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    return f"event: {document['type']}\ndata: {text}\n\n".encode()
