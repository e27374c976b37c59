"""Object storage in trouble: everything that a network and a service can do to an upload or a read."""

from __future__ import annotations

import hashlib
import json
import random
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from octeth_backupd.errors import CancelledError, StorageError
from octeth_backupd.process.cancellation import Cancellation
from tests.environment.fault_proxy import FaultProxy
from tests.environment.proxy_rules import (
    Answer,
    ClockSkew,
    CutAnswer,
    Delay,
    Fault,
    Moment,
    Reset,
    Rule,
    SlowDrip,
    WrongETag,
)
from tests.environment.s3_servers import MotoS3
from tests.environment.s3_state import assert_bucket_is_clean, assert_object, open_uploads
from tests.environment.s3_storages import MIB, PREFIX, empty_bucket, s3_settings, s3_storage
from tests.environment.s3_upload_process import FileLedger
from tests.fakes.upload_ledger import MemoryUploadLedger

if TYPE_CHECKING:
    from collections.abc import Iterator

    from octeth_backupd.domain.upload import Upload

KEY = "oempro/daily/octeth-backup-2026-11-22_02-00-00.tar.zst"
OBJECT = f"{PREFIX}/{KEY}"
ANY_PART = {"partNumber": None}
CONTENT = random.Random(4).randbytes(MIB) * 17 + b"the end"
SHA256 = hashlib.sha256(CONTENT).hexdigest()
PARTS = 4
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def moto() -> Iterator[MotoS3]:
    with MotoS3() as server:
        yield server


@pytest.fixture
def proxy(moto: MotoS3) -> Iterator[FaultProxy]:
    with FaultProxy(moto) as proxy:
        yield proxy
    empty_bucket(moto)


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    path = tmp_path / "archive"
    path.write_bytes(CONTENT)
    return path


def put(proxy: FaultProxy, archive: Path, ledger: MemoryUploadLedger | None = None, *, patience_seconds: float) -> None:
    storage = s3_storage(proxy, uploads=ledger, patience_seconds=patience_seconds, read_timeout_seconds=5)
    storage.put(archive, KEY, sha256=SHA256, cancellation=Cancellation())


@pytest.mark.parametrize(
    ("fault", "rule"),
    [
        (Answer(status=503, code="SlowDown"), {"query": ANY_PART, "times": 8}),
        (Answer(status=500, code="InternalError"), {"query": ANY_PART, "times": 8}),
        (Reset(moment=Moment.BEFORE_FORWARDING), {"query": ANY_PART, "times": 8}),
        (Reset(moment=Moment.IN_REQUEST_BODY), {"query": ANY_PART, "times": 6}),
        (Reset(moment=Moment.AFTER_FORWARDING), {"query": ANY_PART, "times": 3}),
        (Reset(moment=Moment.IN_ANSWER), {"query": ANY_PART, "times": 3}),
        (WrongETag(), {"query": ANY_PART, "times": 2}),
        (Delay(seconds=7), {"query": ANY_PART, "times": 1}),
        (SlowDrip(bytes_per_second=2 * MIB), {"query": {"partNumber": "2"}, "times": 1}),
        (Reset(moment=Moment.AFTER_FORWARDING), {"method": "POST", "query": {"uploadId": None}, "times": 1}),
        (Answer(status=200, code="InternalError"), {"method": "POST", "query": {"uploadId": None}, "times": 1}),
        (Answer(status=503, code="SlowDown"), {"method": "HEAD", "times": 7}),
    ],
    ids=str,
)
def test_upload_survives(moto: MotoS3, proxy: FaultProxy, archive: Path, fault: Fault, rule: dict[str, object]) -> None:
    proxy.rules.append(Rule(fault=fault, **rule))  # type: ignore[arg-type]
    ledger = MemoryUploadLedger()

    put(proxy, archive, ledger, patience_seconds=60)

    assert proxy.rules[0].struck > 0
    assert_object(moto, OBJECT, sha256=SHA256)
    assert_bucket_is_clean(moto, keys={OBJECT})
    assert ledger.uploads("s3") == []


def test_service_that_stays_away_leaves_an_upload_that_the_next_attempt_goes_on_with(
    moto: MotoS3, proxy: FaultProxy, archive: Path
) -> None:
    ledger = MemoryUploadLedger()
    proxy.rules.append(Rule(fault=Answer(), query={"partNumber": "4"}))
    with pytest.raises(StorageError, match="SlowDown") as refused:
        put(proxy, archive, ledger, patience_seconds=1)
    proxy.forget()

    put(proxy, archive, ledger, patience_seconds=1)

    assert refused.value.retryable
    assert proxy.count(method="PUT", query=ANY_PART) == 1
    assert_object(moto, OBJECT, sha256=SHA256)
    assert_bucket_is_clean(moto, keys={OBJECT})


def test_object_whose_tag_is_wrong_after_all_is_removed(moto: MotoS3, proxy: FaultProxy, archive: Path) -> None:
    wrong = WrongETag(etag=f'"{"0" * 32}-{PARTS}"')
    proxy.rules.append(Rule(fault=wrong, method="HEAD", key=OBJECT, first=2))

    with pytest.raises(StorageError, match="not there as it was sent"):
        put(proxy, archive, patience_seconds=5)

    assert_bucket_is_clean(moto, keys=set())


def test_denied_part_is_asked_for_once_and_said_in_our_words(proxy: FaultProxy, archive: Path) -> None:
    proxy.rules.append(Rule(fault=Answer(status=403, code="AccessDenied"), query={"partNumber": "1"}))

    with pytest.raises(StorageError, match="access denied") as refused:
        put(proxy, archive, patience_seconds=60)

    assert not refused.value.retryable
    assert proxy.count(method="PUT", query={"partNumber": "1"}) == 1


def test_clock_that_is_off_is_named(proxy: FaultProxy, archive: Path) -> None:
    proxy.rules.append(Rule(fault=ClockSkew()))

    # A HEAD request's answer has no body: the reason comes from a list.
    with pytest.raises(StorageError, match="clock is more than 15 minutes off"):
        put(proxy, archive, patience_seconds=5)


def test_stop_ends_an_upload_that_crawls(proxy: FaultProxy, archive: Path) -> None:
    proxy.rules.append(Rule(fault=SlowDrip(bytes_per_second=64 * 1024), query=ANY_PART))
    cancellation = Cancellation()
    storage = s3_storage(proxy, uploads=(ledger := MemoryUploadLedger()))

    remember = ledger.remember_upload

    def remember_and_stop(upload: Upload) -> None:
        remember(upload)
        cancellation.cancel(CancelledError("the daemon stops"))

    ledger.remember_upload = remember_and_stop  # type: ignore[method-assign]
    with pytest.raises(CancelledError, match="the daemon stops"):
        storage.put(archive, KEY, sha256=SHA256, cancellation=cancellation)

    assert len(ledger.uploads("s3")) == 1


@pytest.mark.parametrize(
    ("fault", "times"),
    [
        (CutAnswer(after_bytes=3 * MIB), 2),
        (CutAnswer(after_bytes=0), 3),
        (Reset(moment=Moment.IN_ANSWER), 2),
        (Reset(moment=Moment.BEFORE_FORWARDING), 4),
        (Answer(status=503, code="SlowDown"), 8),
        (Delay(seconds=7), 1),
        (SlowDrip(bytes_per_second=4 * MIB), 1),
    ],
    ids=str,
)
def test_reader_does_not_notice(moto: MotoS3, proxy: FaultProxy, archive: Path, fault: Fault, times: int) -> None:
    s3_storage(moto).put(archive, KEY, sha256=SHA256, cancellation=Cancellation())
    proxy.rules.append(Rule(fault=fault, method="GET", key=OBJECT, times=times))
    digest = hashlib.sha256()

    with s3_storage(proxy, patience_seconds=60, read_timeout_seconds=5).open(KEY) as file:
        while piece := file.read(MIB):
            digest.update(piece)

    assert proxy.rules[0].struck == times
    assert digest.hexdigest() == SHA256


def test_object_that_is_replaced_while_it_is_read_is_an_error(moto: MotoS3, proxy: FaultProxy, archive: Path) -> None:
    s3_storage(moto).put(archive, KEY, sha256=SHA256, cancellation=Cancellation())
    proxy.rules.append(Rule(fault=WrongETag(), method="GET", key=OBJECT))

    with s3_storage(proxy).open(KEY) as file, pytest.raises(StorageError, match="replaced"):
        file.read()


@pytest.mark.parametrize("killed_after", range(0, 31, 5))
def test_killed_upload_is_resumed_as_one_object_without_orphaned_parts(
    moto: MotoS3, proxy: FaultProxy, tmp_path: Path, killed_after: int
) -> None:
    """Killed when so many of 31 parts are there (0: when the upload was just begun), then run again."""
    content = random.Random(killed_after).randbytes(5 * MIB) * 30 + b"the end"
    source = tmp_path / "source"
    source.write_bytes(content)
    ledger, sha256 = tmp_path / "ledger", hashlib.sha256(content).hexdigest()
    order: dict[str, object] = {
        "settings": s3_settings(proxy).model_dump(mode="json") | {"secret_access_key": proxy.secret_access_key},
        "source": str(source),
        "ledger": str(ledger),
        "key": KEY,
        "sha256": sha256,
    }
    last_part = str(killed_after + 1)
    proxy.rules.append(Rule(fault=Delay(seconds=60), query={"partNumber": last_part}))

    with _uploading(order) as uploading:
        assert uploading.stdout is not None
        while killed_after and int(uploading.stdout.readline()) < killed_after * 5 * MIB:
            pass
        while not proxy.count(query={"partNumber": last_part}):
            time.sleep(0.01)
        uploading.kill()
    (left,) = open_uploads(moto)
    proxy.forget()
    with _uploading(order) as again:
        assert again.wait(120) == 0

    assert proxy.count(method="PUT", query=ANY_PART) <= 31 - killed_after
    assert len(left.part_bytes) >= killed_after
    assert_object(moto, OBJECT, sha256=sha256)
    assert_bucket_is_clean(moto, keys={OBJECT})
    assert FileLedger(ledger).uploads("s3") == []


def _uploading(order: dict[str, object]) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.environment.s3_upload_process"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    process.stdin.write(json.dumps(order) + "\n")
    process.stdin.flush()
    return process
