"""Small builders and stand-ins that the tests of servers/ share."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pymysql

from octeth_backupd.domain.server import Address, ServerFacts, ServerIdentity, Tablespace, Vendor, Version
from octeth_backupd.errors import DockerError, NotFoundError
from octeth_backupd.servers.sql_errors import query_error

MARIADB_VARIABLES = {
    "version": "10.11.18-MariaDB-0+deb12u1-log",
    "version_comment": "Debian 12",
    "datadir": "/var/lib/mysql/",
    "hostname": "db1",
    "server_id": "1",
    "innodb_data_file_path": "ibdata1:12M:autoextend",
    "innodb_data_home_dir": "",
    "innodb_log_group_home_dir": "./",
    "innodb_undo_directory": "./",
    "innodb_log_file_size": "100663296",
    "log_bin_basename": "/var/log/mysql/binlog",
    "log_bin_index": "/var/log/mysql/binlog.index",
}
MYSQL_VARIABLES = MARIADB_VARIABLES | {
    "version": "8.4.5",
    "version_comment": "MySQL Community Server - GPL",
    "server_uuid": "283e4565-e67b-11f1-88d0-0242ac110003",
}


class FixedClock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.time = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)

    def now(self) -> datetime:
        return self.time

    def monotonic_seconds(self) -> float:
        return self.time.timestamp()


class ScriptedSession:
    """Answers statements by a word in them; a number stands for the server's refusal with that error number."""

    def __init__(self, answers: Mapping[str, Sequence[Mapping[str, Any]] | int]) -> None:
        self.answers = answers
        self.asked: list[str] = []
        self.address = Address(host="127.0.0.1")
        self.user = "backup"
        self.server_process_id: int | None = None

    def rows(self, sql: str, args: Sequence[object] = ()) -> list[dict[str, Any]]:
        self.asked.append(sql)
        # The longest word decides, so that INNODB_TABLES and INNODB_TABLESPACES can both be scripted.
        for word in sorted(self.answers, key=len, reverse=True):
            if word in sql:
                answer = self.answers[word]
                if isinstance(answer, int):
                    text = "Access denied; you need (at least one of) the PROCESS privilege(s) for this operation"
                    error = pymysql.OperationalError(answer, text)
                    raise query_error(error, sql=sql, address=self.address) from error
                return [dict(row) for row in answer]
        return []

    def value(self, sql: str) -> Any:
        rows = self.rows(sql)
        return next(iter(rows[0].values())) if rows else None


class FakeDocker:
    """Containers as ``docker inspect`` shows them, by name or as much of an id; ``down`` is an engine not there."""

    def __init__(self, *containers: dict[str, Any], down: bool = False) -> None:
        self.containers = list(containers)
        self.down = down
        self.outputs: dict[str, tuple[int, str]] = {}

    def inspect_container(self, name_or_id: str) -> dict[str, Any]:
        if self.down:
            raise DockerError("the Docker engine is down")
        for container in self.containers:
            if name_or_id == container["Name"].lstrip("/") or container["Id"].startswith(name_or_id):
                return copy.deepcopy(container)
        raise NotFoundError(f"no such container: {name_or_id}")

    def container_names(self) -> tuple[str, ...]:
        return tuple(container["Name"].lstrip("/") for container in self.containers)

    def image_digest(self, image_id: str) -> str:
        return f"digest of {image_id}"

    def exec_output(self, container_id: str, argv: Sequence[str], timeout_seconds: float) -> tuple[int, str]:
        return self.outputs.get(argv[0], (126, f"exec: {argv[0]}: executable file not found"))


def inspected(**changes: Any) -> dict[str, Any]:
    """Return what ``docker inspect`` says of a running server without published ports; top-level keys can change."""
    return {
        "Id": "a1b2c3",
        "Name": "/oempro_mysql",
        "Image": "sha256:feed",
        "Path": "docker-entrypoint.sh",
        "Args": ["mysqld"],
        "State": {"Status": "running", "Running": True, "Paused": False, "Restarting": False, "StartedAt": "2026"},
        "Config": {"Image": "mysql:8.4"},
        "HostConfig": {"NetworkMode": "bridge", "RestartPolicy": {"Name": "always"}, "Memory": 0},
        "Mounts": [{"Type": "bind", "Source": "/srv/mysql", "Destination": "/var/lib/mysql", "RW": True}],
        "NetworkSettings": {"Ports": {}, "Networks": {"bridge": {"IPAddress": "172.17.0.2"}}},
    } | changes


def facts(
    *,
    vendor: Vendor = Vendor.MARIADB,
    tablespaces: Sequence[Tablespace] = (),
    variables: Mapping[str, str] | None = None,
    server_uuid: str = "",
    hostname: str = "db1",
) -> ServerFacts:
    """Return facts with nothing unusual in them."""
    mariadb = vendor is Vendor.MARIADB
    return ServerFacts(
        address=Address(host="127.0.0.1"),
        user="backup",
        vendor=vendor,
        version=Version(major=10, minor=11, patch=18) if mariadb else Version(major=8, minor=4, patch=5),
        version_text="10.11.18-MariaDB" if mariadb else "8.4.5",
        version_comment="",
        identity=ServerIdentity(vendor=vendor, server_uuid=server_uuid, server_id=1, hostname=hostname),
        variables=variables or (MARIADB_VARIABLES if mariadb else MYSQL_VARIABLES),
        persisted_variables={},
        grants=(),
        tablespaces=tuple(tablespaces),
        other_tables=(),
        engine_counts={},
        long_transactions=(),
        lsn=None,
        redo_capacity_bytes=0,
        gtid="",
        encryption=(),
    )


def write_data_file(path: Path, space_id: int | None, *, page_bytes: int = 16384) -> Path:
    """Write a data file whose first page has this space id; None leaves the page unwritten."""
    path.parent.mkdir(parents=True, exist_ok=True)
    page = bytearray(page_bytes)
    if space_id is not None:
        page[0:4] = b"\x12\x34\x56\x78"
        page[34:38] = space_id.to_bytes(4, "big")
    path.write_bytes(page)
    return path
