from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

import pytest

from octeth_backupd.domain.server import Location, Placement, ServerPaths
from octeth_backupd.errors import ServerError
from octeth_backupd.servers.container import read_container
from octeth_backupd.servers.host_files import find_paths, read_file_number, read_owner, system_tablespace_on_host
from octeth_backupd.servers.settings import ServerSettings
from tests.unit.servers.builders import MARIADB_VARIABLES, facts, inspected


def _location(**mounts: Path) -> Location:
    """Return a container with a mount for each given destination: data, binlogs or real."""
    destinations = {"data": "/var/lib/mysql", "binlogs": "/var/log/mysql", "real": "/bitnami/mysql"}
    entries = [{"Source": str(path), "Destination": destinations[name]} for name, path in mounts.items()]
    container = read_container(inspected(Mounts=entries), port=None, image_digest="")
    return Location(placement=Placement.CONTAINER, addresses=(), container=container)


def _no_links(paths: Sequence[PurePosixPath]) -> Mapping[PurePosixPath, PurePosixPath]:
    return {}


def _find(location: Location, links: Any = _no_links, **settings: Any) -> ServerPaths:
    configured = ServerSettings.model_validate({"container": "oempro_mysql"} | settings)
    return find_paths("oempro", facts(), location, configured, links)


def test_paths_follow_the_mounts(tmp_path: Path) -> None:
    paths = _find(_location(data=tmp_path / "d", binlogs=tmp_path / "b"))

    assert paths.data_directory == tmp_path / "d"
    assert paths.host["binlog"] == tmp_path / "b"
    assert paths.unmapped == ()


def test_symbolic_link_in_the_container_is_followed_to_its_mount(tmp_path: Path) -> None:
    asked: list[PurePosixPath] = []

    def links(paths: Sequence[PurePosixPath]) -> Mapping[PurePosixPath, PurePosixPath]:
        asked.extend(paths)
        data = PurePosixPath("/var/lib/mysql")
        return {p: PurePosixPath("/bitnami/mysql") / p.relative_to(data) for p in paths if p.is_relative_to(data)}

    paths = _find(_location(real=tmp_path), links)

    assert PurePosixPath("/var/lib/mysql") in asked
    assert paths.data_directory == tmp_path
    assert paths.server["data"] == PurePosixPath("/var/lib/mysql")


def test_configured_directory_wins_where_nothing_was_found(tmp_path: Path) -> None:
    paths = _find(_location(), data_directory=tmp_path)

    assert paths.data_directory == tmp_path


def test_configured_directory_may_be_another_name_of_the_same(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")

    paths = _find(_location(data=tmp_path / "real"), data_directory=tmp_path / "link")

    assert paths.data_directory == tmp_path / "link"


@pytest.mark.parametrize(("key", "mount"), [("data_directory", "data"), ("binlog_directory", "binlogs")])
def test_configured_directory_that_is_another_one_is_refused_with_both(tmp_path: Path, key: str, mount: str) -> None:
    (tmp_path / "found").mkdir()
    (tmp_path / "configured").mkdir()

    with pytest.raises(ServerError, match=key) as refused:
        _find(_location(**{mount: tmp_path / "found"}), **{key: tmp_path / "configured"})

    assert str(tmp_path / "found") in refused.value.message
    assert str(tmp_path / "configured") in refused.value.message


def test_server_outside_docker_sees_the_hosts_paths() -> None:
    location = Location(placement=Placement.SYSTEMD, addresses=())
    settings = ServerSettings(systemd_unit="mysql.service")

    paths = find_paths("oempro", facts(), location, settings, _no_links)

    assert paths.data_directory == Path(MARIADB_VARIABLES["datadir"])


def test_owner_is_read_as_numbers(tmp_path: Path) -> None:
    tmp_path.chmod(0o750)

    owner = read_owner(tmp_path)

    assert owner is not None
    assert (owner.user_id, owner.mode) == (tmp_path.stat().st_uid, 0o750)
    assert read_owner(tmp_path / "missing") is None
    assert read_owner(None) is None


def test_file_number_is_the_same_for_two_names(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("x")
    (tmp_path / "b").hardlink_to(tmp_path / "a")

    assert read_file_number(tmp_path / "a") == read_file_number(tmp_path / "b")
    assert read_file_number(tmp_path / "c") is None


def test_system_tablespace_is_looked_for_on_the_host(tmp_path: Path) -> None:
    assert system_tablespace_on_host(facts(), _find(_location(data=tmp_path))) == tmp_path / "ibdata1"
