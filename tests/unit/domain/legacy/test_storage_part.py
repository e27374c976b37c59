"""Where backups go."""

from __future__ import annotations

import pytest

from octeth_backupd.domain.legacy.report import Fate
from octeth_backupd.domain.legacy.storage_part import translate_storage
from tests.unit.domain.legacy.build import around, draft, said

S3 = """\
BACKUP_DIR=/var/backups/octeth
CLOUD_STORAGE_PROVIDER=s3
S3_BUCKET=bucket
S3_REGION=eu-central-1
S3_PREFIX=/octeth/
S3_STORAGE_CLASS=STANDARD_IA
AWS_ACCESS_KEY_ID=AKIA
AWS_SECRET_ACCESS_KEY='se/cret'
"""
R2 = """\
BACKUP_DIR=/b
CLOUD_STORAGE_PROVIDER=r2
R2_BUCKET=bucket
R2_ACCOUNT_ID=acc
R2_PREFIX=p
R2_ACCESS_KEY_ID=key
R2_SECRET_ACCESS_KEY=secret
R2_STORAGE_CLASS=STANDARD
"""


def test_s3_is_taken_over_with_its_secret_in_a_file() -> None:
    found = draft(S3)

    translate_storage(found, around())

    assert found.tables["s3"] == {
        "bucket": "bucket",
        "prefix": "octeth",
        "region": "eu-central-1",
        "storage_class": "STANDARD_IA",
        "access_key_id": "AKIA",
        "secret_access_key_file": "/etc/octeth-backupd/s3.secret",
    }
    assert [secret.text for secret in found.secrets] == ["se/cret"]
    assert found.tables["local"] == {"directory": "/var/backups/octeth"}


def test_r2_gets_the_address_of_its_account() -> None:
    found = draft(R2)

    translate_storage(found, around())

    assert found.tables["s3"]["endpoint_url"] == "https://acc.r2.cloudflarestorage.com"
    assert found.tables["s3"]["region"] == "auto"
    assert "storage_class" not in found.tables["s3"]
    assert "R2_STORAGE_CLASS" in said(found, Fate.IGNORED)


def test_machine_role_is_kept_where_there_are_no_keys() -> None:
    found = draft("BACKUP_DIR=/b\nCLOUD_STORAGE_PROVIDER=s3\nS3_BUCKET=b\nS3_PREFIX=p\n")

    translate_storage(found, around())

    assert found.tables["s3"] == {"bucket": "b", "prefix": "p"}
    assert found.secrets == []


@pytest.mark.parametrize(
    ("env", "reason"),
    [
        ("CLOUD_STORAGE_PROVIDER=gcs\nGCS_BUCKET=g\n", "needs HMAC keys"),
        (f"{S3}S3_UPLOAD_TOOL=rclone\nRCLONE_REMOTE=minio\n", "rclone, whose remote minio"),
        ("CLOUD_STORAGE_PROVIDER=s3\nS3_BUCKET=my-octeth-backups\n", "S3_BUCKET is not set"),
        ("CLOUD_STORAGE_PROVIDER=r2\nR2_BUCKET=b\nR2_ACCOUNT_ID=your-account-id\n", "R2_ACCOUNT_ID"),
        ("CLOUD_STORAGE_PROVIDER=s3\nS3_BUCKET=b\nS3_PREFIX=$x\n", "S3_PREFIX is not certain"),
    ],
)
def test_what_cannot_be_completed_is_left_with_the_exact_keys(env: str, reason: str) -> None:
    found = draft(f"BACKUP_DIR=/b\n{env}")

    translate_storage(found, around())

    note = said(found, Fate.BY_HAND)["CLOUD_STORAGE_PROVIDER"]
    assert reason in note
    assert "secret_access_key_file" in note
    assert "s3" not in found.tables


def test_google_is_told_its_address() -> None:
    found = draft("BACKUP_DIR=/b\nCLOUD_STORAGE_PROVIDER=gcs\nGCS_BUCKET=g\nGCS_PREFIX=o\n")

    translate_storage(found, around())

    note = said(found, Fate.BY_HAND)["CLOUD_STORAGE_PROVIDER"]
    assert 'bucket = "g", prefix = "o", region = "auto", endpoint_url = "https://storage.googleapis.com"' in note


def test_older_tools_bucket_is_an_address_with_a_path() -> None:
    found = draft('BACKUP_DIR="/root/mysql_backups"\nS3_BUCKET="s3://bucket/some/path"\nAWS_DEFAULT_REGION=eu-west-1\n')

    translate_storage(found, around())

    assert found.tables["s3"] == {"bucket": "bucket", "prefix": "some/path", "region": "eu-west-1"}


def test_unknown_provider_is_left_to_the_operator() -> None:
    found = draft("BACKUP_DIR=/b\nCLOUD_STORAGE_PROVIDER=S3\n")

    translate_storage(found, around())

    assert "CLOUD_STORAGE_PROVIDER" in said(found, Fate.BY_HAND)


@pytest.mark.parametrize(("word", "table"), [("false", {"keep": False}), ("true", {}), ("False", {}), ("", {})])
def test_local_copies_go_only_on_the_exact_word(word: str, table: dict[str, bool]) -> None:
    found = draft(f"{S3}KEEP_LOCAL_BACKUP={word}\n")

    translate_storage(found, around())

    assert found.tables["local"] == {"directory": "/var/backups/octeth"} | table


def test_local_copies_stay_where_there_is_no_other_place() -> None:
    found = draft("BACKUP_DIR=/b\nKEEP_LOCAL_BACKUP=false\n")

    translate_storage(found, around())

    assert "keep" not in found.tables["local"]
    assert "KEEP_LOCAL_BACKUP" in said(found, Fate.BY_HAND)


def test_empty_prefix_is_told_of_its_slash() -> None:
    found = draft(S3.replace("S3_PREFIX=/octeth/", "S3_PREFIX="))

    translate_storage(found, around())

    assert found.tables["s3"]["prefix"] == ""
    assert "slash" in said(found, Fate.CHANGED)["S3_PREFIX"]


def test_secret_without_its_key_is_left_to_the_operator() -> None:
    found = draft(S3.replace("AWS_ACCESS_KEY_ID=AKIA\n", ""))

    translate_storage(found, around())

    assert "AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY" in said(found, Fate.BY_HAND)
    assert found.secrets == []


@pytest.mark.parametrize(
    ("prefix", "place", "instead"),
    [
        ("/octeth/", "/octeth//daily/", "octeth/daily/"),
        ("octeth/", "octeth//daily/", "octeth/daily/"),
        ("/", "//daily/", "daily/"),
    ],
)
def test_keys_of_a_prefix_with_slashes_around_it_are_named_as_not_looked_for(
    prefix: str, place: str, instead: str
) -> None:
    found = draft(S3.replace("S3_PREFIX=/octeth/", f"S3_PREFIX={prefix}"))

    translate_storage(found, around())

    note = said(found, Fate.BY_HAND)["S3_PREFIX"]
    assert f'"{place}' in note
    assert f'"{instead}' in note
    assert "S3_PREFIX" not in said(found, Fate.CHANGED)


def test_prefix_without_slashes_around_it_is_as_it_was() -> None:
    found = draft(S3.replace("S3_PREFIX=/octeth/", "S3_PREFIX=octeth/one"))

    translate_storage(found, around())

    assert "S3_PREFIX" not in said(found, Fate.BY_HAND)
