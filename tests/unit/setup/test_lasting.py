"""Places that setup refuses before anything is made."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

import pytest

from octeth_backupd.domain.server import ServerPaths
from octeth_backupd.errors import ConfigurationError
from octeth_backupd.settings.settings import Settings
from octeth_backupd.setup.lasting import require_lasting
from tests.unit.setup.build import Host

PRIVATE = 'case "$*" in *PrivateTmp*) echo PrivateTmp=yes; exit;; *LoadState*) echo LoadState=loaded; exit;; esac'


def _settings(directory: str) -> Settings:
    return Settings.model_validate(
        {
            "servers": {"one": {"container": "db"}},
            "local": {"directory": directory},
            "schedules": {"timezone": "UTC"},
        }
    )


def _host(tmp_path: Path, answer: str) -> Host:
    host = Host(directory=tmp_path, has_systemd=False, programs={"systemctl": answer})
    (tmp_path / "run").mkdir()
    return host


@pytest.mark.parametrize("directory", ["/tmp/backups", "/var/tmp/backups"])
def test_directory_that_the_unit_sees_another_one_for_is_refused(tmp_path: Path, directory: str) -> None:
    with pytest.raises(ConfigurationError, match="lost when the daemon stops"):
        require_lasting(_host(tmp_path, PRIVATE).machine(), _settings(directory), "one", None)


def test_unit_with_the_hosts_own_temporary_directory_may_use_it(tmp_path: Path) -> None:
    shared = PRIVATE.replace("PrivateTmp=yes", "PrivateTmp=no")

    host = _host(tmp_path, shared)

    require_lasting(host.machine(), _settings("/tmp/backups"), "one", None)

    assert host.said == []


@pytest.mark.parametrize("directory", ["/opt/mysql/data/backups", "/opt/mysql/data"])
def test_backups_among_the_data_that_was_found_are_refused(tmp_path: Path, directory: str) -> None:
    paths = ServerPaths(server={"data": PurePosixPath("/var/lib/mysql")}, host={"data": Path("/opt/mysql/data")})

    with pytest.raises(ConfigurationError, match="the server's data directory /opt/mysql/data"):
        require_lasting(Host(directory=tmp_path).machine(), _settings(directory), "one", paths)
