from __future__ import annotations

import pytest

from octeth_backupd.settings.directories import directory_problems


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
        {"daemon": {"state_directory": "/tmp/demo/state", "runtime_directory": "/tmp/demo/run"}},
    ],
)
def test_directories_that_can_be_meant_are_accepted(values: dict[str, object]) -> None:
    assert list(directory_problems(values)) == []
