"""For monitoring systems: metrics, and whether there is a backup that is good enough."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import AwareDatetime

from octeth_backupd.control.calls import CallsHere
from octeth_backupd.control.freshness_schemas import FreshnessDocument, FreshnessView
from octeth_backupd.control.identifiers import ServerFilter
from octeth_backupd.domain.freshness import Requirements, worst
from octeth_backupd.domain.holdings import ProofLevel

router = APIRouter()

_TEXT = "text/plain; version=0.0.4; charset=utf-8"
_LONGEST_SECONDS = 100 * 366 * 86400
_LARGEST_BYTES = 2**62

MaxAge = Annotated[int | None, Query(ge=0, le=_LONGEST_SECONDS)]
MinSize = Annotated[int | None, Query(ge=0, le=_LARGEST_BYTES)]
StorageName = Annotated[str, Query(pattern=r"^[a-z0-9_-]{0,63}$")]
Before = Annotated[AwareDatetime | None, Query()]


@router.get("/metrics", response_class=Response, responses={200: {"content": {_TEXT: {}}}})
async def metrics(calls: CallsHere) -> Response:
    """Give all metrics in Prometheus' text format."""
    return Response(await calls.quick(calls.services.metrics), media_type=_TEXT)


@router.get("/v1/freshness")
async def freshness(
    calls: CallsHere,
    server: ServerFilter = None,
    max_age_seconds: MaxAge = None,
    min_size_bytes: MinSize = None,
    proof: ProofLevel | None = None,
    storage: StorageName = "",
    before: Before = None,
) -> FreshnessDocument:
    """Judge whether a server, or each, has a verified backup that is young, large and proven enough."""
    requirements = Requirements(
        max_age_seconds=max_age_seconds, min_size_bytes=min_size_bytes, proof=proof, storage=storage, before=before
    )
    judged = await calls.quick(lambda: calls.services.freshness(server=server, requirements=requirements))
    return FreshnessDocument(verdict=worst(judged), servers=[FreshnessView.model_validate(one) for one in judged])
