"""Another service than AWS in ``.env`` is told, by whatever variable it is named."""

from __future__ import annotations

import pytest

from octeth_backupd.domain.legacy.leftovers import note_leftovers
from octeth_backupd.domain.legacy.report import Fate
from octeth_backupd.domain.legacy.storage_part import translate_storage
from tests.unit.domain.legacy.build import around, draft, said

S3 = """\
BACKUP_DIR=/b
CLOUD_STORAGE_PROVIDER=s3
S3_BUCKET=bucket
S3_PREFIX=p
AWS_ACCESS_KEY_ID=AKIA
AWS_SECRET_ACCESS_KEY=secret
"""
RCLONE = """\
BACKUP_DIR=/b
CLOUD_STORAGE_PROVIDER=s3
S3_BUCKET=bucket
S3_UPLOAD_TOOL=rclone
RCLONE_REMOTE=minio
RCLONE_CONFIG_MINIO_TYPE=s3
RCLONE_CONFIG_MINIO_ENDPOINT=https://minio.example.com
RCLONE_CONFIG_MINIO_SECRET_ACCESS_KEY=canary
"""


@pytest.mark.parametrize("name", ["S3_ENDPOINT", "S3_ENDPOINT_URL"])
def test_address_that_the_bash_tool_never_read_is_to_be_entered_by_hand(name: str) -> None:
    found = draft(f"{S3}{name}=https://minio.example.com\n")

    translate_storage(found, around())
    note_leftovers(found, around())

    assert "endpoint_url" not in found.tables["s3"]
    by_hand = said(found, Fate.BY_HAND)
    assert name in by_hand
    assert 'endpoint_url = "https://minio.example.com"' in str(by_hand)
    assert name not in said(found, Fate.IGNORED)


@pytest.mark.parametrize("name", ["AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"])
def test_address_that_newer_aws_command_lines_followed_is_never_taken_for_aws(name: str) -> None:
    found = draft(f"{S3}{name}=https://minio.example.com\n")

    translate_storage(found, around())
    note_leftovers(found, around())

    assert "s3" not in found.tables
    assert f"{name} names another service" in str(said(found, Fate.BY_HAND))
    assert 'endpoint_url = "https://minio.example.com"' in str(said(found, Fate.BY_HAND))
    assert name not in said(found, Fate.IGNORED)


def test_rclone_remote_in_variables_is_named_without_what_they_hold() -> None:
    found = draft(RCLONE)

    translate_storage(found, around())
    note_leftovers(found, around())

    by_hand = str(said(found, Fate.BY_HAND))
    assert "RCLONE_CONFIG_MINIO_ENDPOINT, RCLONE_CONFIG_MINIO_SECRET_ACCESS_KEY, RCLONE_CONFIG_MINIO_TYPE" in by_hand
    assert "in the variables RCLONE_CONFIG_…" in by_hand
    assert "canary" not in str(found.notes)
    assert "RCLONE_CONFIG_MINIO_TYPE" not in str(said(found, Fate.IGNORED))


def test_rclone_remote_in_its_own_file_is_named_as_before() -> None:
    found = draft("\n".join(line for line in RCLONE.splitlines() if "RCLONE_CONFIG" not in line))

    translate_storage(found, around())

    assert "remote minio holds the credentials in rclone.conf" in str(said(found, Fate.BY_HAND))
