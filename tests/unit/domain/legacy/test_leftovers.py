"""What is not taken over."""

from __future__ import annotations

from octeth_backupd.domain.legacy.crontab import find_cron_lines
from octeth_backupd.domain.legacy.draft import Draft
from octeth_backupd.domain.legacy.leftovers import note_leftovers, place_note
from octeth_backupd.domain.legacy.report import Fate
from tests.unit.domain.legacy.build import around, draft, said


def _noted(env: str, conf: str | None = None) -> Draft:
    found = draft(env, conf)
    note_leftovers(found, around())
    return found


def test_clickhouse_is_left_alone_with_its_cron_lines() -> None:
    found = draft("CH_HOST=oempro_clickhouse\nCH_PASSWORD=hunter2\n")
    lines = tuple(find_cron_lines("0 3 * * * /opt/bin/octeth-ch-backup.sh\n", place="crontab of root"))

    note_leftovers(found, around(cron_lines=lines))

    note = said(found, Fate.LEFT_ALONE)["ClickHouse"]
    assert "2 variables" in note
    assert "crontab of root, line 1" in note
    assert "hunter2" not in note


def test_setting_that_backup_conf_overruled_is_named() -> None:
    found = _noted("MIN_FREE_SPACE_GB=20\n", "MIN_FREE_SPACE_GB=10\n")

    assert "never had an effect in .env:1" in said(found, Fate.IGNORED)["MIN_FREE_SPACE_GB"]


def test_every_variable_gets_a_word() -> None:
    found = _noted("R2_BUCKET=b\nWHATEVER=1\nMYSQL_PORT=3306\nDOCKER_CMD='sudo docker'\n")

    assert set(said(found, Fate.IGNORED)) == {"R2_BUCKET", "WHATEVER", "MYSQL_PORT", "DOCKER_CMD"}


def test_place_that_was_not_followed_is_for_the_operator() -> None:
    found = _noted("source /etc/other\n")

    assert ".env:1" in said(found, Fate.BY_HAND)
    assert place_note("f:1", "x").fate is Fate.BY_HAND
