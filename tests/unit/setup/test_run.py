"""Setup from begin to end, over a server in memory."""

from __future__ import annotations

import stat
import tomllib
from pathlib import Path
from typing import Any

import pytest

from octeth_backupd.domain.checks import CheckResult, CheckStatus
from octeth_backupd.domain.server import Placement
from octeth_backupd.errors import (
    BusyError,
    CancelledError,
    ConfigurationError,
    InvalidRequestError,
    ProgramError,
    ServerError,
)
from octeth_backupd.settings.example import blank_file
from octeth_backupd.setup import afterwards, login, run, same_server
from octeth_backupd.setup.engine import EngineStanding
from octeth_backupd.setup.going_on import GoingOn
from octeth_backupd.setup.order import SetupOrder
from octeth_backupd.setup.run import run_setup
from tests.unit.setup.build import Host, ScriptedPrompt
from tests.unit.setup.servers import MemoryServer

FITS = EngineStanding(fits=True, words="xtrabackup on this host: fits")
MISSING = EngineStanding(fits=False, words="xtrabackup is not installed")


@pytest.fixture(autouse=True)
def engine(monkeypatch: pytest.MonkeyPatch) -> list[EngineStanding]:
    """A server in memory, checks that pass, and what a look at the engine gives, the last for ever."""
    standings = [FITS]
    passed = [CheckResult(name="login", status=CheckStatus.PASSED, summary="in")]
    monkeypatch.setattr(MemoryServer, "accounts", {"root": "right"})
    monkeypatch.setattr(MemoryServer, "refuses_new", False)
    for module in (login, run, same_server):
        monkeypatch.setattr(module, "Server", MemoryServer)
    monkeypatch.setattr(afterwards, "diagnose", lambda *_: passed)
    monkeypatch.setattr(run, "look_at_engine", lambda *_: standings.pop(0) if len(standings) > 1 else standings[0])
    return standings


@pytest.fixture
def host(tmp_path: Path) -> Host:
    return Host(directory=tmp_path, stdin="right\n")


def _order(host: Host, **flags: Any) -> SetupOrder:
    usual: dict[str, Any] = {
        "config": host.directory / "etc" / "config.toml",
        "target": (Placement.CONTAINER, "db"),
        "server": "one",
        "directory": host.directory / "backups",
        "databases": ("oempro",),
    }
    return SetupOrder(**{**usual, **flags})


def _created(host: Host, **flags: Any) -> SetupOrder:
    return _order(host, create_user=True, admin_password_file="-", **flags)


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_everything_is_written_with_an_account_that_was_made(host: Host) -> None:
    assert run_setup(_created(host), host.machine()) == 0

    etc = host.directory / "etc"
    assert tomllib.loads((etc / "config.toml").read_text())["servers"] == {
        "one": {
            "container": "db",
            "user": "octeth-backup",
            "password_file": str(etc / "one.password"),
            "databases": ["oempro"],
        }
    }
    password = (etc / "one.password").read_text().strip()
    assert MemoryServer.accounts["octeth-backup"] == password
    assert password not in host.text
    assert [_mode(path) for path in (etc, etc / "config.toml", etc / "one.password", host.directory / "backups")] == [
        0o750,
        0o640,
        0o600,
        0o700,
    ]
    assert host.calls() == ["daemon-reload", "--quiet is-active octeth-backupd.service"]


def test_password_that_was_given_is_written_and_no_account_made(host: Host) -> None:
    assert run_setup(_order(host, password_file="-"), host.machine()) == 0

    assert (host.directory / "etc" / "one.password").read_text() == "right\n"
    assert set(MemoryServer.accounts) == {"root"}


def test_dry_run_shows_the_plan_and_changes_nothing(host: Host) -> None:
    before = sorted(path.name for path in host.directory.iterdir())

    assert run_setup(_created(host, dry_run=True), host.machine()) == 0

    assert "create the account 'octeth-backup'@'%'" in host.text
    assert '  | container = "db"' in host.text
    assert host.said[-1].strip() == "Nothing was changed."
    assert set(MemoryServer.accounts) == {"root"}
    assert (
        sorted(path.name for path in host.directory.iterdir() if path.name not in {"bin", "run", "os-release"})
        == before
    )


def test_account_that_is_not_let_in_is_taken_away_and_nothing_written(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(MemoryServer, "refuses_new", True)

    with pytest.raises(ServerError, match="not let in"):
        run_setup(_created(host), host.machine())

    assert set(MemoryServer.accounts) == {"root"}
    assert not (host.directory / "etc").exists()


def test_account_that_exists_is_left_alone(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(MemoryServer, "accounts", {"root": "right", "octeth-backup": "of others"})

    with pytest.raises(InvalidRequestError, match="exists already"):
        run_setup(_created(host), host.machine())

    assert MemoryServer.accounts["octeth-backup"] == "of others"


def test_account_that_is_taken_over_has_its_old_password_after_a_failure(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(MemoryServer, "accounts", {"root": "right", "octeth-backup": "of others"})
    host.programs = {"systemctl": "exit 1"}

    with pytest.raises(ProgramError, match="daemon-reload"):
        run_setup(_created(host, force=True), host.machine())

    assert MemoryServer.accounts["octeth-backup"] == "of others"
    assert "give the account 'octeth-backup'@'%', which is there, a new random password" in host.text


def test_command_that_fails_takes_everything_back(host: Host) -> None:
    host.programs = {"systemctl": "exit 1"}

    with pytest.raises(ProgramError, match="daemon-reload"):
        run_setup(_created(host), host.machine())

    assert set(MemoryServer.accounts) == {"root"}
    assert not (host.directory / "etc").exists()
    assert not (host.directory / "backups").exists()
    assert not (host.directory / "units").exists()


def test_no_is_no(host: Host) -> None:
    host.prompt = ScriptedPrompt(refuses=True)

    with pytest.raises(CancelledError):
        run_setup(_created(host), host.machine())

    assert not (host.directory / "etc").exists()


def test_the_packages_configuration_is_replaced_without_force_or_copy(host: Host) -> None:
    etc = host.directory / "etc"
    etc.mkdir()
    (etc / "config.toml").write_text(blank_file())

    assert run_setup(_created(host), host.machine()) == 0

    assert sorted(path.name for path in etc.iterdir()) == ["config.toml", "one.password"]


def test_configuration_in_use_needs_force_which_keeps_a_copy(host: Host) -> None:
    etc = host.directory / "etc"
    etc.mkdir()
    (etc / "config.toml").write_text("[servers.old]\ncontainer = 'x'\n")

    with pytest.raises(ConfigurationError, match="not overwritten"):
        run_setup(_created(host), host.machine())
    assert run_setup(_created(host, force=True), host.machine()) == 0

    [copy] = etc.glob("*.before")
    assert "servers.old" in copy.read_text()


def test_missing_engine_is_described_and_installed_after_the_order(host: Host, engine: list[EngineStanding]) -> None:
    engine[:] = [MISSING, FITS]
    host.programs = {"apt_get": f'echo "$*" >>{host.directory}/apt', "percona_release": "exit 0"}
    order = _created(host, install_engine=True, yes=True, percona_release="/repo/p.deb")

    assert run_setup(order, host.machine()) == 0

    assert (host.directory / "apt").read_text().splitlines()[-1] == "install -y percona-xtrabackup-80"
    assert "engine: xtrabackup on this host: fits" in host.said


def test_missing_engine_is_only_described_without_an_order(host: Host, engine: list[EngineStanding]) -> None:
    engine[:] = [MISSING]
    host.programs = {"apt_get": f"touch {host.directory}/apt"}

    assert run_setup(_created(host), host.machine()) == 0

    assert "    apt-get install -y percona-xtrabackup-80" in host.said
    assert not (host.directory / "apt").exists()


def test_engine_that_cannot_be_installed_stops_before_anything_is_written(
    host: Host, engine: list[EngineStanding]
) -> None:
    engine[:] = [MISSING]
    host.programs = {"apt_get": "exit 100"}

    with pytest.raises(ProgramError):
        run_setup(_created(host, install_engine=True, yes=True), host.machine())

    assert not (host.directory / "etc").exists()


def test_packages_are_not_installed_where_nobody_can_confirm_it(host: Host) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        run_setup(_created(host, install_engine=True), host.machine())

    assert "--yes" in caught.value.hint


def test_bash_tool_that_is_there_is_offered_and_imported(host: Host) -> None:
    tool = host.directory / "old-tool"
    (tool / "config").mkdir(parents=True)
    (tool / "config" / ".env").touch()
    etc = host.directory / "etc"

    def take_over(directory: Path) -> int:
        host.imports.append(directory)
        etc.mkdir()
        (etc / "config.toml").write_text(
            f"[servers.one]\ncontainer = 'db'\npassword = 'right'\n[local]\ndirectory = '{host.directory}/backups'\n"
        )
        return 0

    host.import_tool = take_over
    host.prompt = ScriptedPrompt(yes={"Take over"})

    assert run_setup(_order(host, target=None, server="", databases=None), host.machine()) == 0

    assert host.imports == [tool]
    assert (
        "ReadWritePaths=-/opt/mysql" in (host.directory / "units/octeth-backupd.service.d/setup-one.conf").read_text()
    )
    assert "  ok      login: in" in host.said


def test_bash_tool_is_only_mentioned_when_nobody_is_there(host: Host) -> None:
    tool = host.directory / "old-tool"
    tool.mkdir()
    (tool / ".env").touch()

    with pytest.raises(InvalidRequestError):
        run_setup(_order(host, target=None), host.machine())

    assert f"octeth-backupd import {tool}" in host.text
    assert host.imports == []


def test_import_that_fails_ends_with_its_code(host: Host) -> None:
    host.import_tool = lambda _: 78

    order = SetupOrder(config=host.directory / "etc" / "config.toml", import_directory=Path("/opt/tool"))

    assert run_setup(order, host.machine()) == 78


def test_check_that_fails_afterwards_is_8(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    failed = [CheckResult(name="space", status=CheckStatus.FAILED, summary="too little")]
    monkeypatch.setattr(afterwards, "diagnose", lambda *_: failed)

    assert run_setup(_created(host), host.machine()) == 8

    assert (host.directory / "etc" / "config.toml").exists()


def test_tables_that_force_takes_away_are_in_the_plan(host: Host) -> None:
    config = host.directory / "etc" / "config.toml"
    config.parent.mkdir()
    config.write_text('[servers.one]\n[s3]\nbucket = "b"\n[hooks]\non_failure = []\n')

    assert run_setup(_order(host, password_file="-", force=True, dry_run=True), host.machine()) == 0

    assert "these tables of the present configuration are not in the new one: [s3], [hooks]" in host.text


def test_ctrl_c_after_all_is_written_says_so(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> bool:
        raise KeyboardInterrupt

    monkeypatch.setattr(run, "finish", interrupt)

    assert run_setup(_order(host, password_file="-"), host.machine()) == 130

    assert "all that was planned is written, and stays" in host.text
    assert (host.directory / "etc" / "config.toml").exists()


@pytest.mark.parametrize("quiet_looks", [0, 1])
def test_nothing_is_changed_under_a_run_also_one_that_began_during_the_questions(host: Host, quiet_looks: int) -> None:
    busy = GoingOn(run_id="r1", operation="backup", server="one")
    host.runs = [*[()] * quiet_looks, (busy,)]

    with pytest.raises(BusyError, match="backup of one"):
        run_setup(_created(host, start=True), host.machine())

    assert set(MemoryServer.accounts) == {"root"}
    assert not (host.directory / "etc").exists()
    assert host.calls() == []


def test_unit_that_does_not_exist_is_refused_before_anything_is_changed(host: Host) -> None:
    host.has_systemd = False  # of the daemon's own unit
    host.programs = {"systemctl": 'case "$*" in *show*nosuch.service) echo LoadState=not-found;; esac'}

    with pytest.raises(InvalidRequestError, match=r"the unit nosuch.service does not exist"):
        run_setup(_created(host, target=(Placement.SYSTEMD, "nosuch.service")), host.machine())

    assert set(MemoryServer.accounts) == {"root"}
    assert not (host.directory / "etc").exists()


def test_last_word_is_that_nobody_is_told_of_failures(host: Host) -> None:
    assert run_setup(_order(host, password_file="-"), host.machine()) == 0

    assert "Nobody is told when a backup fails" in host.said[-1]
    assert "docs/how-to/notifications.md" in host.said[-1]
