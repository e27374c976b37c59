from __future__ import annotations

from datetime import UTC, datetime

from octeth_backupd.settings.settings import Settings
from octeth_backupd.settings.summary import summary_lines

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def summary(**sections: object) -> str:
    servers = {
        "a": {"container": "oempro_mysql"},
        "b": {"systemd_unit": "mysql.service", "user": "backup"},
        "c": {"address": "10.0.0.1"},
        "d": {"socket": "/run/mysqld/mysqld.sock"},
    }
    settings = Settings.model_validate({"servers": servers, "schedules": {"timezone": "Europe/Berlin"}, **sections})
    return "\n".join(summary_lines(settings, now=NOW))


def test_servers_are_named_with_where_they_are() -> None:
    text = summary()

    assert "a: container oempro_mysql, as root" in text
    assert "b: systemd unit mysql.service, as backup" in text
    assert "c: address 10.0.0.1:3306, as root" in text
    assert "d: socket /run/mysqld/mysqld.sock, as root" in text


def test_schedules_have_words_and_the_next_time_in_their_zone() -> None:
    text = summary()

    assert "time zone Europe/Berlin" in text
    assert "daily    At 02:00 every day; next Monday 2026-11-23 02:00" in text
    assert text.count("daily ") == 1


def test_no_schedule_is_said() -> None:
    schedules = {"timezone": "UTC", "daily": "", "weekly": "", "monthly": ""}

    assert "on demand only" in summary(schedules=schedules)


def test_workspace_lies_among_the_backups_unless_configured() -> None:
    assert "workspace /var/backups/octeth/.workspace" in summary()
    assert "workspace /scratch" in summary(backup={"workspace_directory": "/scratch"})


def test_that_nobody_is_told_is_said_and_who_is() -> None:
    assert "nobody is told of anything" in summary()

    told = summary(notify={"alive": {"kind": "healthchecks", "url": "https://hc.example.com/1"}})

    assert "  alive: healthchecks" in told
    assert "nobody" not in told
