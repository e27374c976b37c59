"""The whole translation, judged by our own reading of the result."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING

from octeth_backupd.domain.legacy.report import Fate
from octeth_backupd.domain.legacy.translation import translate
from octeth_backupd.settings.load import examine
from tests.unit.domain.legacy.build import around, configuration
from tests.unit.domain.legacy.test_configuration import SHIPPED_CONF

if TYPE_CHECKING:
    from pathlib import Path

ENV = """\
MYSQL_HOST=oempro_mysql
MYSQL_PORT=3306
MYSQL_ROOT_PASSWORD='hunter2$'
MYSQL_DATABASE=oempro
MYSQL_DATA_DIR=/opt/oempro/_dockerfiles/mysql/data_v8
BACKUP_DIR=/var/backups/octeth
TEMP_DIR=${BACKUP_DIR}/tmp
MAX_DISK_USAGE=85
COMPRESSION_TOOL=auto
COMPRESSION_LEVEL=6
RETENTION_DAILY=7
RETENTION_WEEKLY=4
RETENTION_MONTHLY=6
EMAIL_NOTIFICATIONS=false
VERIFY_BACKUP=true
XTRABACKUP_EXTRA_OPTS="--throttle=100"
CLOUD_STORAGE_PROVIDER=r2
R2_BUCKET=my-bucket
R2_ACCOUNT_ID=account
R2_PREFIX=octeth
R2_ACCESS_KEY_ID=key
R2_SECRET_ACCESS_KEY=s/ecret
"""
R2 = """\
CLOUD_STORAGE_PROVIDER=r2
R2_BUCKET=my-bucket
R2_ACCOUNT_ID=account
R2_PREFIX=octeth
R2_ACCESS_KEY_ID=key
R2_SECRET_ACCESS_KEY=s/ecret
S3_REGION=us-east-1
"""


def test_result_passes_our_own_examination(tmp_path: Path) -> None:
    translation = translate(configuration(ENV, SHIPPED_CONF), around())
    config = tmp_path / "config.toml"
    config.write_text(translation.config_text().replace("/etc/octeth-backupd", str(tmp_path)))
    config.chmod(0o640)
    for secret in translation.secrets:
        file = tmp_path / secret.path.name
        file.write_text(secret.text)
        file.chmod(0o600)

    found = examine(config, {})

    assert [str(problem) for problem in found.problems] == []
    assert found.settings is not None
    assert found.settings.servers["oempro"].password.get_secret_value() == "hunter2$"
    assert found.settings.buckets["s3"].secrets == ("s/ecret",)


def test_no_secret_is_in_the_file_or_the_report() -> None:
    translation = translate(configuration(ENV, SHIPPED_CONF), around())

    assert "hunter2" not in translation.config_text() + str(translation.notes) + repr(translation)


def test_every_variable_of_env_is_in_the_report() -> None:
    found = configuration(ENV + R2, SHIPPED_CONF)

    translation = translate(found, around())

    said = " ".join(note.subject for note in translation.notes)
    silent = {name for name in found.variables if name not in said}
    assert silent == {"DAILY_DIR"}


def test_file_begins_with_what_is_left_to_do() -> None:
    translation = translate(configuration("MYSQL_HOST=a\nMYSQL_ROOT_PASSWORD=pa$word\n"), around())

    text = translation.config_text()
    assert "# To be entered by hand:\n" in text
    assert "# MYSQL_ROOT_PASSWORD: holds $word" in text
    assert tomllib.loads(text) == translation.tables
    assert any(note.fate is Fate.BY_HAND for note in translation.notes)
