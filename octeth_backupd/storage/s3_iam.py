"""What AWS must allow, as statements that can be pasted into a policy."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from octeth_backupd.storage.s3_settings import S3Settings

ACTIONS = {
    "HeadObject": ("s3:GetObject",),
    "GetObject": ("s3:GetObject",),
    "PutObject": ("s3:PutObject",),
    "CreateMultipartUpload": ("s3:PutObject",),
    "UploadPart": ("s3:PutObject",),
    "CompleteMultipartUpload": ("s3:PutObject",),
    "AbortMultipartUpload": ("s3:AbortMultipartUpload",),
    "ListParts": ("s3:ListMultipartUploadParts",),
    "DeleteObject": ("s3:DeleteObject",),
    "PutObjectRetention": ("s3:PutObjectRetention",),
    "GetObjectRetention": ("s3:GetObjectRetention", "s3:GetObjectLegalHold"),
    "ListObjectsV2": ("s3:ListBucket",),
    "ListMultipartUploads": ("s3:ListBucketMultipartUploads",),
    "GetObjectLockConfiguration": ("s3:GetBucketObjectLockConfiguration",),
}
"""What each call of the API needs.

Source:
    Service Authorization Reference, "Actions, resources, and condition keys for Amazon S3".
"""
_ON_BUCKET = frozenset({"s3:ListBucket", "s3:ListBucketMultipartUploads", "s3:GetBucketObjectLockConfiguration"})


def actions_for(operation: str, settings: S3Settings) -> tuple[str, ...]:
    """Return what a call needs under these settings."""
    actions = ACTIONS.get(operation, (f"s3:{operation}",))
    if "s3:PutObject" in actions and settings.tags:
        actions += ("s3:PutObjectTagging",)
    if "s3:PutObject" in actions and settings.object_lock_mode:
        actions += ("s3:PutObjectRetention",)
    return actions


def missing_statement(operation: str, settings: S3Settings) -> str:
    """Return the statement that allows a call, as JSON; one for the KMS key too where that may be what is missing."""
    bucket = f"arn:aws:s3:::{settings.bucket}"
    objects = f"{bucket}/{settings.prefix}/*" if settings.prefix else f"{bucket}/*"
    actions = actions_for(operation, settings)
    statements = [_allow(actions, bucket if _ON_BUCKET.issuperset(actions) else objects)]
    if settings.server_side_encryption == "aws:kms" and not _ON_BUCKET.issuperset(actions):
        key = settings.kms_key_id if settings.kms_key_id.startswith("arn:") else "arn:aws:kms:REGION:ACCOUNT:key/KEY"
        statements.append(_allow(("kms:GenerateDataKey", "kms:Decrypt"), key))
    return ",\n".join(json.dumps(statement, indent=2) for statement in statements)


def _allow(actions: tuple[str, ...], resource: str) -> dict[str, object]:
    return {"Effect": "Allow", "Action": list(actions), "Resource": resource}
