"""The door to boto3, as far as no service is needed. (The calls themselves: tests/integration.)"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from octeth_backupd.errors import StorageError
from octeth_backupd.process.cancellation import Cancellation
from octeth_backupd.storage.s3_body import Body, RateLimit, in_memory
from octeth_backupd.storage.s3_client import S3Client
from octeth_backupd.storage.s3_sending import md5_of
from octeth_backupd.storage.s3_settings import S3Settings
from tests.fakes.clock import FakeClock
from tests.fakes.s3_client import refusal

if TYPE_CHECKING:
    from pathlib import Path

ETAGS = {1: "e"}


class _Answering(S3Client):
    """A client whose service is a function of the call."""

    def __init__(self, *answers: dict[str, Any] | StorageError) -> None:
        super().__init__(S3Settings(bucket="b"))
        self.answers = list(answers)
        self.asked: list[tuple[str, dict[str, Any]]] = []

    def _call(self, operation: str, object_key: str, **given: Any) -> dict[str, Any]:
        self.asked.append((operation, given))
        answer = self.answers.pop(0)
        if isinstance(answer, StorageError):
            raise answer
        return answer


def test_object_is_completed_only_where_there_is_none() -> None:
    client = _Answering({"ETag": '"t-1"'})

    assert client.complete_upload("k", "u", ETAGS) == "t-1"
    assert client.asked[0][1]["IfNoneMatch"] == "*"


def test_condition_is_left_out_for_a_service_that_does_not_know_it() -> None:
    client = _Answering(refusal("NotImplemented"), {"ETag": '"t-1"'})

    client.complete_upload("k", "u", ETAGS)

    assert ["IfNoneMatch" in given for _, given in client.asked] == [True, False]


class _Reading(_Answering):
    """A client whose service reads what it is sent before it answers."""

    def __init__(self, *answers: dict[str, Any] | StorageError) -> None:
        super().__init__(*answers)
        self.received: list[bytes] = []

    def _call(self, operation: str, object_key: str, **given: Any) -> dict[str, Any]:
        self.received.append(b"".join(iter(lambda: bytes(given["Body"].read(2)), b"")))
        return super()._call(operation, object_key, **given)


def _put(client: S3Client, data: bytes = b"data") -> None:
    body = Body(in_memory(data), len(data), RateLimit(0, FakeClock()), Cancellation())
    client.put("k", body, md5=md5_of(data), options={}, only_if_absent=True)


def test_body_is_sent_from_its_start_again_when_the_condition_is_left_out() -> None:
    client = _Reading(refusal("NotImplemented"), {})

    _put(client)

    assert client.received == [b"data", b"data"]


def test_condition_that_the_service_does_not_know_is_not_tried_again() -> None:
    client = _Reading(refusal("NotImplemented"), {}, {})

    _put(client)
    _put(client)

    assert ["IfNoneMatch" in given for _, given in client.asked] == [True, False, False]


def test_condition_is_kept_when_it_was_something_else_that_the_service_does_not_know() -> None:
    client = _Reading(refusal("NotImplemented"), refusal("NotImplemented"), {})

    with pytest.raises(StorageError):
        _put(client)
    _put(client)

    assert ["IfNoneMatch" in given for _, given in client.asked] == [True, False, True]


def test_refusal_without_a_reason_is_explained_by_a_list() -> None:
    client = _Answering(refusal("403", "HeadObject"), refusal("SignatureDoesNotMatch", "ListObjectsV2"))

    with pytest.raises(StorageError, match="SignatureDoesNotMatch"):
        client.head("k")


def test_lists_go_on_page_after_page() -> None:
    page = {"Contents": [], "IsTruncated": True, "NextContinuationToken": "next"}
    client = _Answering(page, {"IsTruncated": False})

    assert list(client.list_objects("p")) == []
    assert client.asked[1][1]["ContinuationToken"] == "next"


def test_bucket_that_never_had_an_upload_has_none() -> None:
    assert list(_Answering(refusal("NoSuchUpload", "ListMultipartUploads")).open_uploads("")) == []


def test_no_credentials_at_all_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    for name in ("AWS_ACCESS_KEY_ID", "AWS_PROFILE", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"):
        monkeypatch.delenv(name, raising=False)

    with pytest.raises(StorageError, match="no credentials"):
        S3Client(S3Settings(bucket="b")).who()


def test_profile_that_is_not_there_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))

    with pytest.raises(StorageError, match="nobody"):
        S3Client(S3Settings(bucket="b", profile="nobody")).who()


def test_credentials_of_the_settings_are_used() -> None:
    settings = S3Settings.model_validate({"bucket": "b", "access_key_id": "a", "secret_access_key": "s"})

    assert S3Client(settings).who() == "explicit"
