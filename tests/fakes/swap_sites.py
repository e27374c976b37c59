"""Sites with the directories that a test made: a stopped server as a swap sees it."""

from __future__ import annotations

import os
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from octeth_backupd.domain.restore.site import DataState, Owner, Site
from octeth_backupd.domain.server import Placement, Vendor, Version

if TYPE_CHECKING:
    from collections.abc import Mapping


def site_with(
    host_paths: Mapping[str, Path],
    *,
    vendor: Vendor = Vendor.MYSQL,
    version: Version = Version(major=9, minor=7, patch=4),
    variables: Mapping[str, str] | None = None,
    server_paths: Mapping[str, str] | None = None,
    log_bin: bool = True,
    owner: Owner | None = None,
) -> Site:
    """Return a stopped server with these directories on the host; its own paths are the same unless given."""
    own = server_paths or {role: str(path) for role, path in host_paths.items()}
    return Site(
        server="oempro",
        placement=Placement.CONTAINER,
        vendor=vendor,
        version=version,
        variables=variables or {},
        server_paths={role: PurePosixPath(path) for role, path in own.items()},
        host_paths=host_paths,
        log_bin=log_bin,
        owner=owner or Owner(user_id=os.getuid(), group_id=os.getgid()),
        is_running=False,
        is_answering=False,
        data_state=DataState.PRESENT,
    )
