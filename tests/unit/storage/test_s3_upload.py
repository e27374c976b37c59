"""One content on its way: lost answers, wrong digests, resumed parts. (Real servers: tests/integration.)"""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING, Any, cast

import pytest

from octeth_backupd.errors import CancelledError, StorageError
from octeth_backupd.process.cancellation import Cancellation
from octeth_backupd.storage import s3_upload
from octeth_backupd.storage.s3_body import RateLimit
from octeth_backupd.storage.s3_sending import Line
from octeth_backupd.storage.s3_upload import ObjectUpload, Wanted, discard_upload
from tests.fakes.clock import FakeClock
from tests.fakes.s3_client import FakeS3Client, refusal, reset
from tests.fakes.upload_ledger import MemoryUploadLedger

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from octeth_backupd.storage.s3_client import S3Client

PART = 1000
DATA = bytes(range(256)) * 20
SHA256 = hashlib.sha256(DATA).hexdigest()
OBJECT = "octeth/o/daily/x"


class _Token(Cancellation):
    def __init__(self) -> None:
        super().__init__()
        self.clock = FakeClock()

    def wait(self, timeout_seconds: float) -> bool:
        self.clock.go(timeout_seconds)
        return self.is_cancelled


class _Bench:
    def __init__(self, path: Path) -> None:
        self.client = FakeS3Client()
        self.ledger = MemoryUploadLedger()
        self.token = _Token()
        path.write_bytes(DATA)
        self.path = path
        self.descriptor = os.open(path, os.O_RDONLY)
        self.line = Line(
            client=cast("S3Client", self.client),
            limit=RateLimit(0, self.token.clock),
            clock=self.token.clock,
            patience_seconds=60,
            parallel_parts=2,
        )

    def upload(self, sha256: str = SHA256) -> ObjectUpload:
        options: dict[str, Any] = {"Metadata": {"sha256": sha256}}
        wanted = Wanted(
            storage="s3", key="o/daily/x", object_key=OBJECT, size_bytes=len(DATA), sha256=sha256, options=options
        )
        return ObjectUpload(self.line, self.ledger, wanted, self.token)

    def put_parts(self, sha256: str = SHA256) -> list[int]:
        told: list[int] = []
        self.upload(sha256).put_parts(self.descriptor, PART, told.append)
        return told


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[_Bench]:
    monkeypatch.setattr(s3_upload, "part_bytes_for", lambda *_: PART)
    bench = _Bench(tmp_path / "archive")
    yield bench
    os.close(bench.descriptor)


def test_parts_become_one_object_and_nothing_is_left_in_the_ledger(bench: _Bench) -> None:
    told = bench.put_parts()

    assert bench.client.objects[OBJECT][0] == DATA
    assert (told[-1], told) == (len(DATA), sorted(told))
    assert (bench.client.uploads, bench.ledger.uploads("s3")) == ({}, [])


def test_answer_that_was_lost_is_found_out_and_not_an_error(bench: _Bench) -> None:
    bench.client.lost_answers.append("complete_upload")

    bench.put_parts()

    assert bench.client.objects[OBJECT][0] == DATA
    assert bench.ledger.uploads("s3") == []


def test_lost_answer_to_a_small_put_is_found_out_too(bench: _Bench) -> None:
    bench.client.lost_answers.append("put")

    bench.upload().put_whole(DATA)

    assert (bench.client.calls["put"], bench.client.objects[OBJECT][0]) == (2, DATA)


def test_part_that_arrived_otherwise_is_sent_again(bench: _Bench) -> None:
    bench.client.wrong_etags.append("put_part")

    bench.put_parts()

    assert bench.client.calls["put_part"] == 7
    assert bench.client.objects[OBJECT][0] == DATA


@pytest.mark.parametrize("call", ["complete_upload", "put"])
def test_object_whose_tag_is_not_that_of_its_parts_is_removed_and_may_be_sent_again(bench: _Bench, call: str) -> None:
    bench.client.wrong_etags.append(call)

    with pytest.raises(StorageError, match="not there as it was sent") as refused:
        if call == "put":
            bench.upload().put_whole(DATA)
        else:
            bench.put_parts()

    assert refused.value.retryable
    assert (bench.client.objects, bench.ledger.uploads("s3")) == ({}, [])


def test_source_with_another_digest_leaves_nothing(bench: _Bench) -> None:
    with pytest.raises(StorageError, match="is not what it was"):
        bench.put_parts(sha256="0" * 64)

    assert (bench.client.objects, bench.client.uploads, bench.ledger.uploads("s3")) == ({}, {}, [])


def test_file_that_is_cut_once_all_of_it_was_read_is_there_as_it_was(bench: _Bench) -> None:
    complete = bench.client.complete_upload

    def cut_and_complete(object_key: str, upload_id: str, etags: dict[int, str]) -> str:
        os.truncate(bench.path, 0)
        return complete(object_key, upload_id, etags)

    bench.client.complete_upload = cut_and_complete  # type: ignore[method-assign]

    bench.put_parts()

    assert bench.client.objects[OBJECT][0] == DATA
    assert bench.ledger.uploads("s3") == []


def test_upload_id_is_remembered_before_the_first_part(bench: _Bench) -> None:
    bench.client.failing["put_part"] = [refusal("AccessDenied")] * 9

    with pytest.raises(StorageError):
        bench.put_parts()

    (known,) = bench.ledger.uploads("s3")
    assert (known.upload_id, known.part_bytes, known.sha256) == ("upload-1", PART, SHA256)


def test_connection_that_stays_away_leaves_the_upload_to_be_gone_on_with(bench: _Bench) -> None:
    bench.client.failing["complete_upload"] = [reset()] * 50

    with pytest.raises(StorageError) as refused:
        bench.put_parts()
    bench.client.failing.clear()
    sent = bench.client.calls["put_part"]
    bench.put_parts()

    assert refused.value.retryable
    assert bench.client.calls["put_part"] == sent
    assert bench.client.objects[OBJECT][0] == DATA


def test_part_of_other_content_is_sent_again(bench: _Bench) -> None:
    bench.client.failing["complete_upload"] = [refusal("AccessDenied")]
    with pytest.raises(StorageError):
        bench.put_parts()
    bench.client.uploads["upload-1"][1][2] = b"damaged"
    sent = bench.client.calls["put_part"]

    bench.put_parts()

    assert bench.client.calls["put_part"] == sent + 1
    assert bench.client.objects[OBJECT][0] == DATA


def test_refusal_is_not_insisted_on(bench: _Bench) -> None:
    bench.client.failing["begin_upload"] = [refusal("AccessDenied")]

    with pytest.raises(StorageError):
        bench.put_parts()

    assert bench.client.calls["begin_upload"] == 1


def test_cancelled_upload_stays_open(bench: _Bench) -> None:
    def cancel(_: int) -> None:
        bench.token.cancel(CancelledError("the daemon stops"))

    with pytest.raises(CancelledError):
        bench.upload().put_parts(bench.descriptor, PART, cancel)

    assert len(bench.ledger.uploads("s3")) == len(bench.client.uploads) == 1


def test_replaced_text_is_not_removed_when_somebody_else_was_faster(bench: _Bench) -> None:
    bench.client.wrong_etags.append("put")

    with pytest.raises(StorageError):
        bench.upload().put_whole(DATA, replace=True)

    assert OBJECT in bench.client.objects


def test_other_content_is_said_to_be_there_and_the_same_counts_as_ours(bench: _Bench) -> None:
    bench.upload().put_whole(DATA)

    assert bench.upload().is_there()
    with pytest.raises(StorageError, match="exists already"):
        bench.upload(sha256="0" * 64).is_there()


def test_discarding_forgets_what_the_service_does_not_have_any_more(bench: _Bench) -> None:
    bench.client.failing["complete_upload"] = [refusal("AccessDenied")]
    with pytest.raises(StorageError):
        bench.put_parts()
    bench.client.uploads.clear()

    discard_upload(bench.line, bench.ledger, "s3", "o/daily/x", OBJECT)

    assert bench.ledger.uploads("s3") == []
