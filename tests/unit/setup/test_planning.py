"""From answers to a plan."""

from __future__ import annotations

import tomllib
from pathlib import Path, PurePosixPath
from typing import Any

import pytest

from octeth_backupd.domain.server import Placement, ServerPaths
from octeth_backupd.errors import ConfigurationError
from octeth_backupd.settings.example import blank_file
from octeth_backupd.setup.order import SetupOrder
from octeth_backupd.setup.planning import (
    Draft,
    draft_configuration,
    lost_tables,
    names_in,
    plan_files,
    plan_unit,
    replacement_notes,
)
from octeth_backupd.setup.questions import ServerChoice
from tests.unit.setup.build import Host

CHOICE = ServerChoice(name="one", placement=Placement.CONTAINER, target="db")
PATHS = ServerPaths(server={"data": PurePosixPath("/var/lib/mysql")}, host={"data": Path("/opt/mysql/data")})


def _draft(
    host: Host, *, present: str = "", choice: ServerChoice = CHOICE, password: str = "hunter2", **flags: Any
) -> Draft:
    return draft_configuration(
        _order(host, **flags),
        host.machine(),
        choice,
        present=present,
        user="backup",
        password=password,
        databases=("a",),
        directory=host.directory / "backups",
    )


def _order(host: Host, **flags: Any) -> SetupOrder:
    return SetupOrder(config=host.directory / "etc" / "config.toml", **flags)


def test_password_is_in_a_file_of_its_own_and_nothing_is_written_yet(tmp_path: Path) -> None:
    draft = _draft(Host(directory=tmp_path))

    assert "hunter2" not in draft.text
    assert draft.settings.servers["one"].password.get_secret_value() == "hunter2"
    assert [secret.path for secret in draft.secrets] == [PurePosixPath(tmp_path / "etc" / "one.password")]
    assert not (tmp_path / "etc").exists()


def test_account_without_a_password_needs_no_file(tmp_path: Path) -> None:
    draft = _draft(Host(directory=tmp_path), password="")

    assert draft.secrets == ()
    assert "password_file" not in draft.text


def test_configuration_that_the_daemon_would_not_take_is_refused_with_its_problems(tmp_path: Path) -> None:
    environment = {"OCTETH_BACKUPD_SCHEDULES__TIMEZONE": "Moon"}

    with pytest.raises(ConfigurationError, match="timezone"):
        _draft(Host(directory=tmp_path, environment=environment))


def test_server_is_added_to_what_is_there(tmp_path: Path) -> None:
    present = "[servers.old]\ncontainer = 'old_db'\n"

    draft = _draft(Host(directory=tmp_path), present=present, add=True)

    assert set(tomllib.loads(draft.text)["servers"]) == {"old", "one"}
    assert names_in(present, add=True) == ("old",)
    assert names_in(present, add=False) == ()
    assert names_in("", add=True) == ()


def test_files_are_the_password_then_the_configuration(tmp_path: Path) -> None:
    host = Host(directory=tmp_path)

    files = plan_files(_order(host), host.machine(), _draft(host))

    assert [(file.path.name, file.mode, file.is_secret) for file in files] == [
        ("one.password", 0o600, True),
        ("config.toml", 0o640, False),
    ]


def test_another_password_is_replaced_only_by_force(tmp_path: Path) -> None:
    host = Host(directory=tmp_path)
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc" / "one.password").write_text("other\n")

    with pytest.raises(ConfigurationError, match="another password"):
        plan_files(_order(host), host.machine(), _draft(host))
    files = plan_files(_order(host, force=True), host.machine(), _draft(host))

    assert files[0].kept_as is not None


def _unit(host: Host, **changes: Any) -> Any:
    keys: dict[str, Any] = {
        "placement": Placement.CONTAINER,
        "target": "db",
        "directory": host.directory / "backups",
        **changes,
    }
    return plan_unit(host.machine(), "one", keys.pop("paths", PATHS), **keys)


def test_drop_in_opens_the_sandbox_for_data_and_backups(tmp_path: Path) -> None:
    host = Host(directory=tmp_path)

    plan = _unit(host)

    [drop_in] = plan.files
    assert drop_in.path == PurePosixPath(tmp_path / "units" / "octeth-backupd.service.d" / "setup-one.conf")
    assert "ReadWritePaths=-/opt/mysql\n" in drop_in.content
    assert f"ReadWritePaths=-{tmp_path / 'backups'}\n" in drop_in.content
    assert plan.directories == (
        (PurePosixPath(tmp_path / "backups"), 0o700),
        (PurePosixPath(tmp_path / "units" / "octeth-backupd.service.d"), 0o755),
    )
    assert plan.commands == (("systemctl", "daemon-reload"),)


def test_daemon_starts_after_the_unit_of_its_server(tmp_path: Path) -> None:
    plan = _unit(Host(directory=tmp_path), placement=Placement.SYSTEMD, target="mysql.service")

    assert "After=mysql.service\n" in plan.files[0].content


def test_sandbox_is_not_opened_for_a_server_that_no_restore_can_stop(tmp_path: Path) -> None:
    host = Host(directory=tmp_path)

    plan = _unit(host, placement=Placement.ADDRESS, target="/run/mysqld/mysqld.sock")

    assert "/opt/mysql" not in plan.files[0].content
    assert f"ReadWritePaths=-{tmp_path / 'backups'}\n" in plan.files[0].content
    assert "only restore --to is left" in plan.notes[0]


def test_host_without_systemd_gets_the_directory_alone(tmp_path: Path) -> None:
    plan = _unit(Host(directory=tmp_path, has_systemd=False))

    assert (plan.files, plan.commands) == ((), ())
    assert len(plan.directories) == 1


def test_data_directly_beneath_the_root_is_said_to_stay_shut(tmp_path: Path) -> None:
    paths = ServerPaths(server={"data": PurePosixPath("/data")}, host={"data": Path("/data")})

    plan = _unit(Host(directory=tmp_path), paths=paths)

    assert "/data lies directly beneath /" in plan.notes[0]


def test_nothing_more_is_done_where_nothing_is_needed(tmp_path: Path) -> None:
    usual = Path("/var/backups/octeth")

    plan = _unit(Host(directory=tmp_path), paths=None, directory=usual)

    assert (plan.files, plan.commands) == ((), ())


def test_tables_that_a_new_configuration_does_not_have_are_named() -> None:
    present = (
        '[servers.old]\nuser = "a"\n[servers.one]\n[s3]\nbucket = "b"\n[hooks]\non_failure = []\n'
        '[notify."a b"]\nkind = "email"\n'
    )

    lost = lost_tables(present, "[servers.one]\n[local]\n")

    assert lost == ("[servers.old]", "[s3]", "[hooks]", '[notify."a b"]')
    assert lost_tables("not toml", "") == ()


def test_tables_of_the_packages_file_which_set_nothing_are_no_loss() -> None:
    assert lost_tables(blank_file(), "[servers.one]\ncontainer = 'db'\n") == ()
    assert lost_tables("[engines.xtrabackup]\n[hooks]\n[servers.one]\n[servers.two]\nuser = 'a'\n", "") == (
        "[servers.two]",
    )


def _notes(host: Host, old: Path) -> tuple[str, ...]:
    present = f"[servers.one]\ncontainer = 'db'\n[local]\ndirectory = '{old}'\n"
    config = host.directory / "etc" / "config.toml"
    config.parent.mkdir()
    config.write_text(present)
    return replacement_notes(_order(host, force=True), host.machine(), present, _draft(host))


def test_directory_of_backups_that_is_left_is_said_with_what_to_do(tmp_path: Path) -> None:
    old = tmp_path / "old"
    old.mkdir()

    [note] = _notes(Host(directory=tmp_path), old)

    assert f"backups go to {tmp_path}/backups from now on; those in {old} stay there" in note
    assert "call them missing" in note
    assert f"the new drop-in does not open {old} any more" in note
    assert note.endswith(f"move what is in {old} into {tmp_path}/backups, then octeth-backupctl sync")


@pytest.mark.parametrize("name", ["backups", "gone"])
def test_directory_that_stays_or_is_gone_needs_no_word(tmp_path: Path, name: str) -> None:
    (tmp_path / "backups").mkdir()

    assert _notes(Host(directory=tmp_path), tmp_path / name) == ()
