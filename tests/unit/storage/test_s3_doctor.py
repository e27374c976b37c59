"""The doctor's steps: each passes, fails with what to do, or is unknown because of another."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, cast

import pytest

from octeth_backupd.domain.checks import CheckResult, CheckStatus
from octeth_backupd.errors import StorageError
from octeth_backupd.storage.s3_doctor import STEPS, S3Doctor
from octeth_backupd.storage.s3_settings import S3Settings
from tests.fakes.clock import FakeClock
from tests.fakes.s3_client import FakeS3Client, refusal, reset

if TYPE_CHECKING:
    from datetime import datetime

    from octeth_backupd.storage.s3_client import S3Client
    from octeth_backupd.storage.s3_objects import ObjectFacts


def _examine(client: FakeS3Client, *, kept_days: int = 7, **settings: Any) -> dict[str, CheckResult]:
    doctor = S3Doctor(
        name="s3",
        settings=S3Settings.model_validate({"bucket": "b", "prefix": "octeth", **settings}),
        client=cast("S3Client", client),
        clock=FakeClock(),
        shortest_retention_days=kept_days,
    )
    return {result.name: result for result in doctor.examine()}


def test_all_steps_pass_in_order_and_leave_nothing() -> None:
    client = FakeS3Client()

    results = _examine(client)

    assert list(results) == list(STEPS)
    assert {result.status for result in results.values()} == {CheckStatus.PASSED}
    assert (client.objects, client.uploads) == ({}, {})


@pytest.mark.parametrize(
    ("call", "operation", "step", "action"),
    [
        ("list_objects", "ListObjectsV2", "storage_list", "s3:ListBucket"),
        ("put", "PutObject", "storage_write", "s3:PutObject"),
        ("read_whole", "GetObject", "storage_read", "s3:GetObject"),
        ("parts", "ListParts", "storage_multipart", "s3:ListMultipartUploadParts"),
        ("open_uploads", "ListMultipartUploads", "storage_multipart", "s3:ListBucketMultipartUploads"),
    ],
)
def test_missing_permission_fails_its_step_with_the_statement(
    call: str, operation: str, step: str, action: str
) -> None:
    client = FakeS3Client()
    client.failing[call] = [refusal("AccessDenied", operation)]

    result = _examine(client)[step]

    assert result.status is CheckStatus.FAILED
    assert json.loads(result.command)["Action"] == [action]


def test_missing_permission_to_list_leaves_the_other_steps_to_be_tried() -> None:
    client = FakeS3Client()
    client.failing["list_objects"] = [refusal("AccessDenied", "ListObjectsV2")]

    results = _examine(client)

    assert [one.name for one in results.values() if one.status is not CheckStatus.PASSED] == ["storage_list"]


@pytest.mark.parametrize("error", [refusal("NoSuchBucket", "ListObjectsV2"), reset()])
def test_nothing_is_tried_where_there_is_no_bucket_to_try(error: StorageError) -> None:
    client = FakeS3Client()
    client.failing["list_objects"] = [error]

    results = _examine(client)

    assert results["storage_list"].status is CheckStatus.FAILED
    assert {results[step].status for step in STEPS[2:]} == {CheckStatus.UNKNOWN}


def test_no_credentials_leave_everything_unknown() -> None:
    client = FakeS3Client()
    client.failing["who"] = [StorageError("no credentials", hint="Give some.")]

    results = _examine(client)

    assert (results["storage_credentials"].status, results["storage_credentials"].fix) == (
        CheckStatus.FAILED,
        "Give some.",
    )
    assert {results[step].status for step in STEPS[1:]} == {CheckStatus.UNKNOWN}


def test_what_was_not_written_cannot_be_read() -> None:
    client = FakeS3Client()
    client.failing["put"] = [refusal("AccessDenied")]

    results = _examine(client)

    assert results["storage_read"].status is results["storage_delete"].status is CheckStatus.UNKNOWN
    assert "storage_write failed" in results["storage_read"].summary


def test_deleting_may_be_left_to_others() -> None:
    client = FakeS3Client()
    client.failing["delete"] = [refusal("AccessDenied", "DeleteObject")]

    result = _examine(client)["storage_delete"]

    assert result.status is CheckStatus.WARNING
    assert "s3:DeleteObject" in result.command


class _WithVersions(FakeS3Client):
    """A bucket that keeps versions, and may lock all of them."""

    retained_until: datetime | None = None

    def head(self, object_key: str) -> ObjectFacts:
        return replace(super().head(object_key), version_id="v1", retained_until=self.retained_until)


def test_copies_cannot_expire_where_nobody_may_look_for_their_locks() -> None:
    client = _WithVersions()
    client.failing["retention"] = [refusal("AccessDenied", "GetObjectRetention")]

    result = _examine(client)["storage_delete"]

    assert (result.status, result.cause) == (CheckStatus.WARNING, "Copies there cannot expire.")
    assert json.loads(result.command)["Action"] == ["s3:GetObjectRetention", "s3:GetObjectLegalHold"]
    assert client.objects == {}


def test_lock_by_a_rule_of_the_bucket_does_not_keep_copies_from_expiring() -> None:
    client = _WithVersions()
    client.retained_until = FakeClock().now() + timedelta(days=1)

    assert _examine(client)["storage_delete"].status is CheckStatus.PASSED


def test_clocks_that_differ_are_told() -> None:
    client = FakeS3Client()
    client.date = "Sun, 22 Nov 2026 02:05:00 GMT"

    result = _examine(client)["storage_clock"]

    assert (result.status, "300 s apart" in result.summary) == (CheckStatus.WARNING, True)


@pytest.mark.parametrize(
    ("storage_class", "kept_days", "status"),
    [
        ("STANDARD_IA", 7, CheckStatus.WARNING),
        ("STANDARD_IA", 30, CheckStatus.PASSED),
        ("", 1, CheckStatus.PASSED),
    ],
)
def test_class_that_outlasts_the_retention_is_a_warning(
    storage_class: str, kept_days: int, status: CheckStatus
) -> None:
    results = _examine(FakeS3Client(), storage_class=storage_class, kept_days=kept_days)

    assert results["storage_class"].status is status


def test_lock_that_the_bucket_does_not_have_fails() -> None:
    client = FakeS3Client()
    lock: dict[str, Any] = {"object_lock_mode": "governance", "object_lock_days": 1}

    without = _examine(client, **lock)["storage_lock"]
    client.lockable = True

    assert without.status is CheckStatus.FAILED
    assert _examine(client, **lock)["storage_lock"].status is CheckStatus.PASSED
