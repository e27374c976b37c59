from __future__ import annotations

from pathlib import Path

import pytest

from octeth_backupd.process.mounts import Mount
from octeth_backupd.settings import directories
from octeth_backupd.settings.directories import directory_problems

PLACES = [
    {"local": {"directory": "/tmp/b"}},
    {"local": {"directory": "/var/tmp/b"}},
    {"backup": {"workspace_directory": "/tmp/b"}},
    {"daemon": {"state_directory": "/var/tmp/b"}},
]


@pytest.mark.parametrize(
    ("values", "key", "message"),
    [
        ({"local": {"directory": "/"}}, "local.directory", "/ belongs to the system"),
        ({"local": {"directory": "//"}}, "local.directory", "/ belongs to the system"),
        ({"local": {"directory": "/var/backups/"}}, "local.directory", "/var/backups belongs to the system"),
        ({"local": {"directory": "/dev/shm/x"}}, "local.directory", "is not on a disk"),
        ({"local": {"directory": "/run/backups"}}, "local.directory", "is lost when the machine restarts"),
        ({"daemon": {"state_directory": "/run/x"}}, "daemon.state_directory", "is lost when the machine restarts"),
        ({"daemon": {"runtime_directory": "/run"}}, "daemon.runtime_directory", "/run belongs to the system"),
        ({"backup": {"workspace_directory": "/tmp"}}, "backup.workspace_directory", "/tmp belongs to the system"),
        (
            {"backup": {"workspace_directory": "/var/backups/octeth"}},
            "backup.workspace_directory",
            "is where finished backups lie",
        ),
        (
            {"backup": {"workspace_directory": "/var/backups/octeth/a/x"}, "servers": {"a": {}}},
            "backup.workspace_directory",
            "is where finished backups lie",
        ),
        (
            {"local": {"directory": "/data/mysql/backups"}, "servers": {"a": {"data_directory": "/data/mysql"}}},
            "local.directory",
            "is inside the data directory of servers.a",
        ),
        (
            {"local": {"directory": "/data/mysql/"}, "servers": {"a": {"data_directory": "/data/mysql"}}},
            "local.directory",
            "is the data directory of servers.a",
        ),
        (
            {"local": {"directory": "/data"}, "servers": {"a": {"data_directory": "/data/mysql"}}},
            "local.directory",
            "contains the data directory of servers.a",
        ),
        (
            {"backup": {"workspace_directory": "/data/mysql/x"}, "servers": {"a": {"data_directory": "/data/mysql"}}},
            "backup.workspace_directory",
            "is inside the data directory of servers.a",
        ),
    ],
)
def test_impossible_directory_is_named(values: dict[str, object], key: str, message: str) -> None:
    [problem] = directory_problems(values)

    assert problem.path == key
    assert message in problem.message
    assert problem.hint


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"servers": "x", "local": "x"},
        {"local": {"directory": "relative"}},
        {"local": {"directory": "/backup"}, "backup": {"workspace_directory": "/backup/.workspace"}},
        {"local": {"directory": "/data/mysql-backups"}, "servers": {"a": {"data_directory": "/data/mysql"}}},
        {"daemon": {"state_directory": "/srv/demo/state", "runtime_directory": "/tmp/demo/run"}},
    ],
)
def test_directories_that_can_be_meant_are_accepted(values: dict[str, object]) -> None:
    assert list(directory_problems(values)) == []


@pytest.mark.parametrize("values", PLACES)
def test_temporary_place_is_refused_where_the_unit_has_its_own(
    values: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    def private(path: Path) -> Mount:
        point = Path("/var/tmp" if path.is_relative_to("/var/tmp") else "/tmp")
        root = "/tmp/systemd-private-0a1b-octeth-backupd.service-x1/tmp"
        return Mount(point=point if path.name == "b" else Path("/"), root=root, kind="ext4")

    monkeypatch.setattr(directories, "mount_of", private)

    [problem] = directory_problems(values)

    assert not problem.is_warning
    assert "is lost when the daemon stops" in problem.message


@pytest.mark.parametrize("values", PLACES)
def test_temporary_place_is_doubtful_where_nobody_can_tell(values: dict[str, object]) -> None:
    [problem] = directory_problems(values)

    assert problem.is_warning
    assert "PrivateTmp=yes" in problem.message


def test_file_system_in_memory_is_doubtful(monkeypatch: pytest.MonkeyPatch) -> None:
    memory = Mount(point=Path("/mnt"), root="/", kind="tmpfs")
    monkeypatch.setattr(directories, "mount_of", lambda path: memory if path.is_relative_to("/mnt") else None)

    [problem] = directory_problems({"local": {"directory": "/mnt/b"}})

    assert problem.is_warning
    assert "in memory" in problem.message
