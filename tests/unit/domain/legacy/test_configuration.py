"""The two files together."""

from __future__ import annotations

import pytest

from tests.unit.domain.legacy.build import configuration

SHIPPED_CONF = """\
_DIR="$(cd "$(dirname "${BASH_SOURCE[0]:-$0}")" && pwd)"
if [ -n "${_FILE}" ] && [ -f "${_FILE}" ]; then
    set -a
    source "${_FILE}"
    set +a
else
    echo "Error: not found"
    return 1 2>/dev/null || exit 1
fi
unset _DIR _FILE
if [ -n "${S3_UPLOAD_ENABLED:-}" ]; then
    if [ "${S3_UPLOAD_ENABLED}" = "true" ]; then
        CLOUD_STORAGE_PROVIDER="${CLOUD_STORAGE_PROVIDER:-s3}"
    else
        CLOUD_STORAGE_PROVIDER="${CLOUD_STORAGE_PROVIDER:-none}"
    fi
fi
CLOUD_STORAGE_PROVIDER="${CLOUD_STORAGE_PROVIDER:-none}"
BACKUP_PREFIX="octeth-backup"
DAILY_DIR="${BACKUP_DIR}/daily"
MIN_FREE_SPACE_GB=10
"""


def test_backup_conf_of_the_shipped_shape_leaves_nothing_unread() -> None:
    found = configuration("BACKUP_DIR=/b\n", SHIPPED_CONF)

    assert found.unread == ()
    assert found.text("DAILY_DIR") == "/b/daily"


def test_backup_conf_wins_over_env_and_says_where() -> None:
    found = configuration("MIN_FREE_SPACE_GB=20\nBACKUP_PREFIX=octeth-backup\n", SHIPPED_CONF)

    assert found.text("MIN_FREE_SPACE_GB") == "10"
    assert dict(found.overruled) == {"MIN_FREE_SPACE_GB": ".env:1"}


@pytest.mark.parametrize(
    ("env", "provider"),
    [
        ("", "none"),
        ("S3_UPLOAD_ENABLED=true", "s3"),
        ("S3_UPLOAD_ENABLED=True", "none"),
        ("S3_UPLOAD_ENABLED=false", "none"),
        ("S3_UPLOAD_ENABLED=true\nCLOUD_STORAGE_PROVIDER=", "s3"),
        ("S3_UPLOAD_ENABLED=true\nCLOUD_STORAGE_PROVIDER=r2", "r2"),
        ("CLOUD_STORAGE_PROVIDER=gcs", "gcs"),
    ],
)
def test_old_switch_counts_where_no_provider_is_named(env: str, provider: str) -> None:
    assert configuration(f"{env}\n", SHIPPED_CONF).text("CLOUD_STORAGE_PROVIDER") == provider


def test_provider_that_depends_on_something_else_is_not_certain() -> None:
    found = configuration("", "if [ -f /x ]; then CLOUD_STORAGE_PROVIDER=r2; fi")

    assert found.problem("CLOUD_STORAGE_PROVIDER")


def test_placeholders_of_the_template_are_not_set() -> None:
    found = configuration("MYSQL_ROOT_PASSWORD=your_root_password_here\nS3_BUCKET=my-octeth-backups\n")

    assert found.text("MYSQL_ROOT_PASSWORD") == ""
    assert found.is_placeholder("S3_BUCKET")
    assert not found.is_set("S3_BUCKET")


def test_value_that_is_not_certain_is_set_and_has_no_text() -> None:
    found = configuration("MYSQL_ROOT_PASSWORD=pa$word\n")

    assert found.is_set("MYSQL_ROOT_PASSWORD")
    assert found.text("MYSQL_ROOT_PASSWORD") == ""
    assert found.source("MYSQL_ROOT_PASSWORD") == ".env:1"


def test_command_outside_a_condition_is_reported_in_either_file() -> None:
    found = configuration("source /other\n", "mkdir -p /x\n")

    assert [place.source for place in found.unread] == [".env:1", "backup.conf:1"]


@pytest.mark.parametrize(
    ("value", "secret"),
    [("' p w '", " p w "), ('"pw "', "pw "), ("pw  ", "pw"), ("' '", ""), ("$x", "")],
)
def test_secret_keeps_the_blanks_within_its_quotes(value: str, secret: str) -> None:
    assert configuration(f"PASSWORD={value}\n").secret("PASSWORD") == secret


def test_placeholder_is_no_secret() -> None:
    assert configuration("PASSWORD=your_root_password_here\n").secret("PASSWORD") == ""
