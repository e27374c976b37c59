"""Containers whose servers are rehearsed."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from octeth_backupd.domain.server import ContainerFacts, Mount


def container(*mounts: Mount, memory_limit_bytes: int = 0) -> ContainerFacts:
    return ContainerFacts(
        container_id="c" * 64,
        name="oempro_mysql",
        image="mysql:9",
        image_id="sha256:1",
        image_digest="",
        status="running",
        paused=False,
        restarting=False,
        started_at="",
        network_mode="bridge",
        mounts=mounts,
        addresses=(),
        memory_limit_bytes=memory_limit_bytes,
    )


def mount(source: Path, destination: str) -> Mount:
    source.mkdir(parents=True, exist_ok=True)
    return Mount(source=source, destination=PurePosixPath(destination))
