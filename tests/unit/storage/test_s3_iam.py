"""IAM statements."""

from __future__ import annotations

import json

import pytest

from octeth_backupd.storage.s3_iam import actions_for, missing_statement
from octeth_backupd.storage.s3_settings import S3Settings


def test_statement_for_objects_names_the_prefix_and_nothing_above() -> None:
    statement = json.loads(missing_statement("PutObject", S3Settings(bucket="b", prefix="octeth")))

    assert statement == {"Effect": "Allow", "Action": ["s3:PutObject"], "Resource": "arn:aws:s3:::b/octeth/*"}


@pytest.mark.parametrize("operation", ["ListObjectsV2", "ListMultipartUploads", "GetObjectLockConfiguration"])
def test_statement_for_the_bucket_names_the_bucket(operation: str) -> None:
    statement = json.loads(missing_statement(operation, S3Settings(bucket="b", prefix="octeth")))

    assert statement["Resource"] == "arn:aws:s3:::b"


def test_tags_locks_and_kms_need_more() -> None:
    settings = S3Settings(
        bucket="b",
        tags={"a": "b"},
        object_lock_mode="governance",
        object_lock_days=1,
        server_side_encryption="aws:kms",
        kms_key_id="arn:aws:kms:eu-central-1:1:key/2",
    )

    assert actions_for("PutObject", settings) == ("s3:PutObject", "s3:PutObjectTagging", "s3:PutObjectRetention")
    objects, key = json.loads(f"[{missing_statement('PutObject', settings)}]")
    assert objects["Resource"] == "arn:aws:s3:::b/*"
    assert key["Resource"] == "arn:aws:kms:eu-central-1:1:key/2"
