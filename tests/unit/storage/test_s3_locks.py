"""Object locks are found out before a delete."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

import pytest

from octeth_backupd.errors import RetainedError, StorageError
from octeth_backupd.storage.s3_locks import require_lock, require_no_lock
from octeth_backupd.storage.s3_objects import ObjectFacts
from tests.fakes.s3_client import FakeS3Client, refusal

if TYPE_CHECKING:
    from octeth_backupd.storage.s3_client import S3Client

NOW = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)
LATER = NOW + timedelta(days=3)


def _require(client: FakeS3Client, *, is_expected: bool = False, **facts: Any) -> None:
    found = ObjectFacts(object_key="k", size_bytes=1, modified_at=NOW, **facts)
    require_no_lock(cast("S3Client", client), "k", found, is_expected=is_expected, now=NOW)


def test_lock_that_lasts_is_refused_with_its_end() -> None:
    with pytest.raises(RetainedError) as refused:
        _require(FakeS3Client(), retained_until=LATER)

    assert refused.value.until == LATER
    assert "2026-11-25 02:00 UTC" in refused.value.message


def test_lock_that_ended_holds_nothing() -> None:
    client = FakeS3Client()

    _require(client, retained_until=NOW - timedelta(seconds=1))

    assert client.calls["retention"] == 0


def test_legal_hold_has_no_end() -> None:
    with pytest.raises(RetainedError) as refused:
        _require(FakeS3Client(), legal_hold=True)

    assert refused.value.until is None


@pytest.mark.parametrize("where", [{"version_id": "v1"}, {"is_expected": True}])
@pytest.mark.parametrize("answer", ["NoSuchObjectLockConfiguration", "InvalidRequest", "NotImplemented"])
def test_service_is_asked_where_a_lock_is_possible_and_may_say_that_there_is_none(
    where: dict[str, Any], answer: str
) -> None:
    client = FakeS3Client()
    client.failing["retention"] = [refusal(answer, "GetObjectRetention")]

    _require(client, **where)

    assert client.calls["retention"] == 1


def test_bucket_without_versions_has_no_locks_to_ask_for() -> None:
    client = FakeS3Client()

    _require(client)

    assert client.calls["retention"] == 0


def test_lock_that_may_not_be_seen_counts_as_one() -> None:
    client = FakeS3Client()
    client.failing["retention"] = [refusal("AccessDenied", "GetObjectRetention")]

    with pytest.raises(StorageError, match="may be locked") as refused:
        _require(client, version_id="v1")

    assert "s3:GetObjectRetention" in refused.value.hint


def test_lock_that_the_service_did_not_take_up_is_set() -> None:
    client = FakeS3Client()
    client.put("k", b"", md5="0" * 32, options={"Metadata": {"sha256": ""}}, only_if_absent=False)

    require_lock(cast("S3Client", client), "k", {"ObjectLockMode": "GOVERNANCE", "ObjectLockRetainUntilDate": LATER})
    require_lock(cast("S3Client", client), "k", {})

    assert client.calls["retain"] == 1
