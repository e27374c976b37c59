"""A place that a restore goes to; a test names only what it is about."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import Any

from octeth_backupd.domain.restore.site import DataState, Owner, Site
from octeth_backupd.domain.server import ContainerFacts, Mount, Placement, ServerIdentity, Vendor, parse_version

UUID = "3e11fa47-71ca-11e1-9e33-c80aa9429562"


def make_container(**fields: Any) -> ContainerFacts:
    values: dict[str, Any] = {
        "container_id": "c" * 64,
        "name": "oempro_mysql",
        "image": "mysql:8.0",
        "image_id": "sha256:11",
        "image_digest": "sha256:22",
        "status": "running",
        "paused": False,
        "restarting": False,
        "started_at": "",
        "network_mode": "bridge",
        "mounts": (Mount(source=Path("/opt/data"), destination=PurePosixPath("/var/lib/mysql")),),
        "addresses": (),
        "command": ("docker-entrypoint.sh", "mysqld"),
    }
    return ContainerFacts(**values | fields)


def make_site(**fields: Any) -> Site:
    """Return the site of the server that ``tests.fakes.manifests`` has a backup of, up and well."""
    data = PurePosixPath("/var/lib/mysql")
    vendor = fields.get("vendor", Vendor.MYSQL)
    values: dict[str, Any] = {
        "server": "oempro",
        "placement": Placement.CONTAINER,
        "container": make_container(),
        "vendor": vendor,
        "version": parse_version("8.0.36"),
        "variables": {"datadir": "/var/lib/mysql/"},
        "command": ("mysqld",),
        "server_paths": {"data": data, "redo": data, "undo": data, "innodb_home": data},
        "host_paths": {role: Path("/opt/data") for role in ("data", "redo", "undo", "innodb_home")},
        "log_bin": False,
        "owner": Owner(user_id=999, group_id=999),
        "is_running": True,
        "is_answering": True,
        "data_state": DataState.PRESENT,
        "user_schemas": ("oempro",),
        "identity": ServerIdentity(vendor=vendor, server_uuid=UUID if vendor is not Vendor.MARIADB else ""),
    }
    return Site(**values | fields)
