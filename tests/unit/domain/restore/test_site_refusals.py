"""What about a server's place keeps a restore from being safe."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path, PurePosixPath

from octeth_backupd.domain.manifest_parts import PlacementEntry
from octeth_backupd.domain.restore.site_refusals import (
    container_absent,
    not_controllable,
    not_on_host,
    site_refusals,
    unknown_server,
)
from octeth_backupd.domain.server import Mount, Placement
from tests.fakes.manifests import make_manifest, make_server_part
from tests.fakes.sites import make_site

DATA = PurePosixPath("/var/lib/mysql")


def codes(**changes: object) -> list[str]:
    values: dict[str, object] = {"mounts": (), "paused": False, "read_only": (), "mounted_volumes": {}}
    site = changes.pop("site", make_site())
    return [refusal.code for refusal in site_refusals(site, **values | changes)]  # type: ignore[arg-type]


def with_paths(**paths: str) -> object:
    site = make_site()
    return replace(site, server_paths={**site.server_paths, **{role: PurePosixPath(p) for role, p in paths.items()}})


def test_a_server_with_everything_in_its_data_directory_is_fine() -> None:
    mount = Mount(source=Path("/opt/data"), destination=DATA)

    assert codes(mounts=(mount,)) == []


def test_parts_of_the_data_elsewhere_are_refused() -> None:
    assert codes(site=with_paths(redo="/redo", undo="/undo")) == ["separate_directories"] * 2
    assert codes(site=with_paths(innodb_home="/var/lib/mysql/home")) == []


def test_binary_logs_that_the_host_cannot_reach_are_refused_where_they_are_written() -> None:
    site = with_paths(binlog="/var/log/mysql")

    assert codes(site=replace(site, log_bin=True)) == ["separate_directories"]  # type: ignore[type-var]
    assert codes(site=site) == []


def test_a_mount_within_the_data_directory_is_refused_unless_it_holds_the_binary_logs() -> None:
    within = Mount(source=Path("/opt/shop"), destination=DATA / "shop")
    logs = Mount(source=Path("/opt/log"), destination=DATA / "log")

    assert codes(mounts=(within,)) == ["separate_directories"]
    assert codes(mounts=(logs,), site=with_paths(binlog="/var/lib/mysql/log")) == []


def test_unit_that_no_mask_keeps_from_starting_is_refused() -> None:
    file = Path("/etc/systemd/system/mysqld.service")

    assert codes(outranking_file=file) == ["unit_not_maskable"]


def test_what_cannot_be_written_is_refused() -> None:
    mount = Mount(source=Path("/opt/data"), destination=DATA, read_only=True)

    assert codes(mounts=(mount,), read_only=(Path("/opt/data"),)) == ["read_only_file_system"] * 2


def test_a_file_system_that_cannot_be_written_may_be_the_units_sandbox_alone() -> None:
    [refusal] = site_refusals(make_site(), mounts=(), paused=False, read_only=(Path("/opt/data"),), mounted_volumes={})

    assert "ReadWritePaths=" in refusal.hint


def test_a_place_that_is_another_one_while_the_server_is_stopped_is_refused() -> None:
    site = make_site()

    assert codes(mounted_volumes={site.data_directory: "/data/mysql"}) == ["volume_mounted_at_start"]
    assert codes(mounted_volumes={Path("/elsewhere"): "/data/mysql"}) == []


def test_a_paused_container_is_refused() -> None:
    assert codes(paused=True) == ["container_paused"]


def test_a_lost_container_comes_with_its_recipe_where_a_manifest_has_it() -> None:
    assert "docker run --detach --name oempro_mysql" in container_absent("oempro", "oempro_mysql", make_manifest()).hint


def test_a_lost_container_without_recipe_says_so() -> None:
    outside = make_server_part(placement=PlacementEntry(kind=Placement.SYSTEMD))

    for manifest in (None, make_manifest(server=outside)):
        refusal = container_absent("oempro", "oempro_mysql", manifest)

        assert refusal.code == "container_absent"
        assert "docker run" not in refusal.hint
        assert "--to DIRECTORY" in refusal.hint


def test_what_can_not_be_done_names_the_way_out() -> None:
    assert "--to DIRECTORY" in not_controllable("oempro").hint
    assert "--to DIRECTORY" in unknown_server("oempro").hint
    assert str(DATA) in not_on_host(DATA).message
