"""After the configuration is written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from octeth_backupd.domain.checks import CheckResult, CheckStatus
from octeth_backupd.settings.settings import Settings
from octeth_backupd.setup import afterwards
from octeth_backupd.setup.afterwards import finish
from octeth_backupd.setup.going_on import GoingOn
from octeth_backupd.setup.order import SetupOrder
from tests.unit.setup.build import Host, ScriptedPrompt


@pytest.fixture(autouse=True)
def status(monkeypatch: pytest.MonkeyPatch) -> dict[str, CheckStatus]:
    """What the one check of the server gives."""
    given = {"status": CheckStatus.PASSED}

    def diagnose(*_: Any) -> list[CheckResult]:
        return [CheckResult(name="login", status=given["status"], summary="tried")]

    monkeypatch.setattr(afterwards, "diagnose", diagnose)
    return given


def _finish(host: Host, *, notify: dict[str, Any] | None = None, **flags: Any) -> bool:
    config = host.directory / "config.toml"
    if not config.exists():
        config.write_text("[servers.one]\ncontainer = 'db'\n")
        config.chmod(0o640)
    socket = host.directory / "control.sock"
    settings = Settings.model_validate(
        {
            "servers": {"one": {"container": "db"}},
            "local": {"directory": str(host.directory / "backups")},
            "control": {"socket": str(socket)},
            "schedules": {"timezone": "UTC"},
            "notify": notify or {},
        }
    )
    return finish(SetupOrder(config=config, **flags), host.machine(), settings, "one")


def test_checks_and_due_times_are_shown_and_what_is_left_to_do(tmp_path: Path) -> None:
    host = Host(directory=tmp_path)

    assert _finish(host)

    assert "  ok      login: tried" in host.said
    assert "Next due:" in host.said
    assert "To take it up: systemctl enable --now octeth-backupd" in host.said
    assert "The first backup by hand: octeth-backupctl backup --server one" in host.said
    assert host.backups == []


NOBODY = "  warning notifiers: no notifier is configured: nobody is told of anything"


def test_that_nobody_is_told_of_failures_is_among_the_checks(tmp_path: Path) -> None:
    host = Host(directory=tmp_path)

    assert _finish(host)

    assert NOBODY in host.said
    assert "docs/how-to/notifications.md" in host.text


def test_notifier_that_is_set_needs_no_warning(tmp_path: Path) -> None:
    host = Host(directory=tmp_path)

    assert _finish(host, notify={"hook": {"kind": "webhook", "url": "https://example.com/"}})

    assert NOBODY not in host.said


def test_doubts_about_the_configuration_are_among_the_checks(tmp_path: Path) -> None:
    host = Host(directory=tmp_path)
    (tmp_path / "config.toml").write_text("[servers.one]\ncontainer = 'db'\n")
    (tmp_path / "config.toml").chmod(0o644)

    assert _finish(host)

    assert "  warning configuration: every user may read the configuration file" in host.text


@pytest.mark.parametrize("bad", [CheckStatus.FAILED, CheckStatus.UNKNOWN])
def test_check_that_fails_is_not_all_well(tmp_path: Path, status: dict[str, CheckStatus], bad: CheckStatus) -> None:
    status["status"] = bad

    assert not _finish(Host(directory=tmp_path))


def test_service_is_enabled_and_started_and_the_first_backup_taken(tmp_path: Path) -> None:
    host = Host(directory=tmp_path)

    assert _finish(host, start=True, first_backup=True)

    assert host.calls()[-2:] == ["enable octeth-backupd.service", "start octeth-backupd.service"]
    assert host.backups == ["one"]


def test_running_daemon_is_restarted(tmp_path: Path) -> None:
    host = Host(directory=tmp_path, programs={"systemctl": f'echo "$*" >>{tmp_path}/calls'})

    assert _finish(host, start=True)

    assert host.calls()[-1] == "restart octeth-backupd.service"


def test_daemon_with_a_run_that_began_meanwhile_is_not_restarted(tmp_path: Path) -> None:
    busy = GoingOn(run_id="r1", operation="backup", server="one")
    host = Host(directory=tmp_path, programs={"systemctl": f'echo "$*" >>{tmp_path}/calls'}, runs=[(busy,)])

    assert not _finish(host, start=True)

    assert not [call for call in host.calls() if "restart" in call]
    assert "backup of one (r1)" in host.text
    assert "systemctl restart octeth-backupd" in host.text


def test_start_that_fails_names_the_journal_and_no_backup_is_tried(tmp_path: Path) -> None:
    host = Host(directory=tmp_path, programs={"systemctl": "exit 1"})

    assert not _finish(host, start=True, first_backup=True)

    assert "journalctl -u octeth-backupd" in host.text
    assert host.backups == []


def test_first_backup_that_fails_is_not_all_well(tmp_path: Path) -> None:
    assert not _finish(Host(directory=tmp_path, backup_code=1), start=True, first_backup=True)


def test_first_backup_needs_a_daemon(tmp_path: Path) -> None:
    host = Host(directory=tmp_path)

    assert not _finish(host, first_backup=True)

    assert "the daemon does not run" in host.text


def test_daemon_that_answers_at_its_socket_is_enough(tmp_path: Path) -> None:
    (tmp_path / "control.sock").touch()
    host = Host(directory=tmp_path, has_systemd=False)

    assert _finish(host, first_backup=True)

    assert host.backups == ["one"]


def test_without_systemd_the_daemon_is_started_by_hand(tmp_path: Path) -> None:
    host = Host(directory=tmp_path, has_systemd=False)

    assert not _finish(host, start=True)

    assert "octeth-backupd serve" in host.text


def test_both_are_offered_to_whoever_is_there(tmp_path: Path) -> None:
    host = Host(directory=tmp_path, prompt=ScriptedPrompt(yes={"Start the daemon", "first backup"}))

    assert _finish(host)

    assert host.backups == ["one"]
