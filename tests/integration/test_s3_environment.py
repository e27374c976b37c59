"""The environment of object storage itself: that its servers are real and that the proxy's faults are seen."""

from __future__ import annotations

import hashlib
import time
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, Final

import pytest
from botocore.exceptions import (
    ClientError,
    ConnectionClosedError,
    EndpointConnectionError,
    IncompleteReadError,
    ReadTimeoutError,
    ResponseStreamingError,
    SSLError,
)

from tests.environment.fault_proxy import FaultProxy
from tests.environment.proxy_rules import (
    Answer,
    ClockSkew,
    CorruptAnswer,
    CutAnswer,
    Delay,
    Fault,
    Moment,
    Reset,
    Rule,
    SlowDrip,
    WrongETag,
)
from tests.environment.s3_servers import MotoS3, RcloneS3, S3Server
from tests.environment.s3_state import (
    assert_bucket_is_clean,
    assert_object,
    object_bytes,
    object_sha256,
    objects,
    open_uploads,
    s3_client,
)
from tests.environment.tls_authority import make_server_certificate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

PART: Final = b"0123456789abcdef" * (5 << 16)
LAST_PART: Final = b"the end"
KEY: Final = "daily/backup 1.tar.zst"


@pytest.fixture(scope="module")
def rclone() -> Iterator[RcloneS3]:
    with RcloneS3(arguments=("--dir-cache-time", "0s")) as server:
        yield server


@pytest.fixture(scope="module")
def moto() -> Iterator[MotoS3]:
    with MotoS3() as server:
        yield server


@pytest.fixture(params=["rclone", "moto"])
def server(request: pytest.FixtureRequest) -> Iterator[S3Server]:
    server: S3Server = request.getfixturevalue(request.param)
    yield server
    client = s3_client(server)
    for key in objects(server):
        client.delete_object(Bucket=server.bucket, Key=key)
    for upload in open_uploads(server):
        client.abort_multipart_upload(Bucket=server.bucket, Key=upload.key, UploadId=upload.upload_id)


@pytest.fixture
def proxy(rclone: RcloneS3) -> Iterator[FaultProxy]:
    with FaultProxy(rclone) as proxy:
        yield proxy
    client = s3_client(rclone, attempts=6)
    for key in objects(rclone):
        client.delete_object(Bucket=rclone.bucket, Key=key)


def put(endpoint: S3Server | FaultProxy, key: str, content: bytes) -> Any:
    return s3_client(endpoint, timeout_seconds=10).put_object(Bucket=endpoint.bucket, Key=key, Body=content)


def get(endpoint: S3Server | FaultProxy, key: str) -> bytes:
    client = s3_client(endpoint, timeout_seconds=10)
    return bytes(client.get_object(Bucket=endpoint.bucket, Key=key)["Body"].read())


def error_code(error: pytest.ExceptionInfo[ClientError]) -> str:
    return str(error.value.response["Error"]["Code"])


def open_upload(server: S3Server | FaultProxy, key: str) -> str:
    client = s3_client(server)
    upload_id = str(client.create_multipart_upload(Bucket=server.bucket, Key=key)["UploadId"])
    client.upload_part(Bucket=server.bucket, Key=key, UploadId=upload_id, PartNumber=1, Body=PART)
    return upload_id


def eventually(condition: Callable[[], bool]) -> bool:
    limit = time.monotonic() + 30
    while not condition():
        if time.monotonic() > limit:
            return False
        time.sleep(0.05)
    return True


# --------------------------------------------------------------------------- the servers


def test_server_keeps_and_lists_objects(server: S3Server) -> None:
    put(server, KEY, b"content")
    put(server, "other/ü.txt", b"")

    assert objects(server) == {KEY: 7, "other/ü.txt": 0}
    assert objects(server, "daily/") == {KEY: 7}
    assert object_bytes(server, KEY) == b"content"
    assert_object(server, KEY, sha256=hashlib.sha256(b"content").hexdigest())
    with pytest.raises(AssertionError, match="SHA-256"):
        assert_object(server, KEY, sha256=hashlib.sha256(b"Content").hexdigest())


def test_server_makes_one_object_of_parts(server: S3Server) -> None:
    upload_id = open_upload(server, KEY)
    client = s3_client(server)
    client.upload_part(Bucket=server.bucket, Key=KEY, UploadId=upload_id, PartNumber=2, Body=LAST_PART)
    (seen,) = open_uploads(server)
    listed = client.list_parts(Bucket=server.bucket, Key=KEY, UploadId=upload_id)["Parts"]
    parts = [{"PartNumber": part["PartNumber"], "ETag": part["ETag"]} for part in listed]

    client.complete_multipart_upload(
        Bucket=server.bucket, Key=KEY, UploadId=upload_id, MultipartUpload={"Parts": parts}
    )

    assert (seen.key, seen.upload_id, seen.part_bytes) == (KEY, upload_id, {1: len(PART), 2: len(LAST_PART)})
    assert_bucket_is_clean(server, keys={KEY})
    assert object_sha256(server, KEY) == hashlib.sha256(PART + LAST_PART).hexdigest()


def test_server_forgets_an_aborted_upload(server: S3Server) -> None:
    upload_id = open_upload(server, KEY)
    with pytest.raises(AssertionError):
        assert_bucket_is_clean(server, keys=set())

    s3_client(server).abort_multipart_upload(Bucket=server.bucket, Key=KEY, UploadId=upload_id)

    assert_bucket_is_clean(server, keys=set())


def test_server_that_was_down_has_its_objects(server: S3Server) -> None:
    put(server, KEY, b"content")
    address = server.endpoint_url

    server.stop()
    with pytest.raises(EndpointConnectionError):
        get(server, KEY)
    server.start()

    assert server.endpoint_url == address
    assert get(server, KEY) == b"content"


def test_only_moto_has_its_open_uploads_after_it_was_down(rclone: RcloneS3, moto: MotoS3) -> None:
    for server in (rclone, moto):
        open_upload(server, "interrupted")
        server.stop()
        server.start()

    assert open_uploads(rclone) == []
    (upload,) = open_uploads(moto)
    assert (upload.key, upload.part_bytes) == ("interrupted", {1: len(PART)})
    s3_client(moto).abort_multipart_upload(Bucket=moto.bucket, Key=upload.key, UploadId=upload.upload_id)


def test_only_moto_has_the_metadata_of_objects_after_it_was_down(rclone: RcloneS3, moto: MotoS3) -> None:
    for server, after in ((rclone, {}), (moto, {"run": "7"})):
        client = s3_client(server)
        client.put_object(Bucket=server.bucket, Key="described", Body=b"", Metadata={"run": "7"})
        before = client.head_object(Bucket=server.bucket, Key="described")["Metadata"]
        server.stop()
        server.start()

        assert {name.lower(): value for name, value in before.items()} == {"run": "7"}
        assert client.head_object(Bucket=server.bucket, Key="described")["Metadata"] == after
        client.delete_object(Bucket=server.bucket, Key="described")


def test_rclone_refuses_a_wrong_secret(rclone: RcloneS3) -> None:
    client = s3_client(rclone, secret_access_key="wrong")

    with pytest.raises(ClientError) as refused:
        client.put_object(Bucket=rclone.bucket, Key="intruder", Body=b"")

    assert error_code(refused) == "SignatureDoesNotMatch"
    assert "intruder" not in objects(rclone)


def test_objects_of_rclone_are_files(rclone: RcloneS3) -> None:
    put(rclone, "files/one", b"before")
    file = rclone.bucket_directory / "files" / "one"
    assert file.read_bytes() == b"before"

    file.write_bytes(b"rotten!")

    assert get(rclone, "files/one") == b"rotten!"
    assert objects(rclone, "files/") == {"files/one": 7}
    file.unlink()
    assert objects(rclone, "files/") == {}


def test_moto_writes_only_what_is_not_there_when_asked_so(moto: MotoS3) -> None:
    put(moto, "once", b"first")

    with pytest.raises(ClientError) as refused:
        s3_client(moto).put_object(Bucket=moto.bucket, Key="once", Body=b"second", IfNoneMatch="*")

    assert error_code(refused) == "PreconditionFailed"
    assert object_bytes(moto, "once") == b"first"
    s3_client(moto).delete_object(Bucket=moto.bucket, Key="once")


def test_moto_refuses_to_complete_with_a_small_part_that_is_not_the_last(moto: MotoS3) -> None:
    client = s3_client(moto)
    upload_id = client.create_multipart_upload(Bucket=moto.bucket, Key="small")["UploadId"]
    parts = [
        {
            "PartNumber": number,
            "ETag": client.upload_part(
                Bucket=moto.bucket, Key="small", UploadId=upload_id, PartNumber=number, Body=LAST_PART
            )["ETag"],
        }
        for number in (1, 2)
    ]

    with pytest.raises(ClientError) as refused:
        client.complete_multipart_upload(
            Bucket=moto.bucket, Key="small", UploadId=upload_id, MultipartUpload={"Parts": parts}
        )

    assert error_code(refused) == "EntityTooSmall"
    client.abort_multipart_upload(Bucket=moto.bucket, Key="small", UploadId=upload_id)


def test_locked_version_cannot_be_deleted_from_moto() -> None:
    with MotoS3(bucket="locked", object_lock=True) as server:
        client = s3_client(server)
        written = client.put_object(
            Bucket=server.bucket,
            Key=KEY,
            Body=b"kept",
            ChecksumAlgorithm="CRC32",  # S3 demands a checksum of what is written with a lock
            ObjectLockMode="COMPLIANCE",
            ObjectLockRetainUntilDate=datetime.now(UTC) + timedelta(days=1),
        )

        with pytest.raises(ClientError) as refused:
            client.delete_object(Bucket=server.bucket, Key=KEY, VersionId=written["VersionId"])

        assert error_code(refused) == "AccessDenied"
        client.delete_object(Bucket=server.bucket, Key=KEY)  # adds a delete marker only
        assert objects(server) == {}
        body = client.get_object(Bucket=server.bucket, Key=KEY, VersionId=written["VersionId"])["Body"]
        assert body.read() == b"kept"


# --------------------------------------------------------------------------- the proxy forwards


def test_signed_requests_pass_the_proxy(proxy: FaultProxy, rclone: RcloneS3) -> None:
    put(proxy, KEY, b"content")

    assert get(proxy, KEY) == b"content"
    assert objects(proxy) == {KEY: 7}
    head = s3_client(proxy).head_object(Bucket=proxy.bucket, Key=KEY)
    assert head["ContentLength"] == 7
    with pytest.raises(ClientError) as refused:
        s3_client(proxy, secret_access_key="wrong").list_objects_v2(Bucket=proxy.bucket)
    assert error_code(refused) == "SignatureDoesNotMatch"


def test_proxy_counts_what_was_sent(proxy: FaultProxy) -> None:
    upload_id = open_upload(proxy, KEY)
    s3_client(proxy).abort_multipart_upload(Bucket=proxy.bucket, Key=KEY, UploadId=upload_id)

    assert proxy.count(method="POST", key="daily/*", query={"uploads": None}) == 1
    assert proxy.count(method="PUT", query={"partNumber": "1"}) == 1
    assert proxy.count(method="PUT", query={"partNumber": "2"}) == 0
    assert [(request.method, request.status) for request in proxy.requests] == [
        ("POST", 200),
        ("PUT", 200),
        ("DELETE", 204),
    ]
    assert proxy.requests[1].body_bytes == len(PART)
    proxy.forget()
    assert proxy.count() == 0


def test_rule_strikes_only_what_it_names(proxy: FaultProxy) -> None:
    rule = Rule(fault=Answer(), method="PUT", key="hit/*", first=2, times=2)
    proxy.rules.append(rule)

    outcomes = []
    for key in ("hit/1", "miss/1", "hit/2", "hit/3", "hit/4"):
        try:
            put(proxy, key, b"")
            outcomes.append("stored")
        except ClientError as error:
            outcomes.append(error.response["Error"]["Code"])

    assert outcomes == ["stored", "stored", "SlowDown", "SlowDown", "stored"]
    assert (rule.seen, rule.struck) == (4, 2)
    assert set(objects(proxy)) == {"hit/1", "miss/1", "hit/4"}


def test_proxy_in_front_of_a_server_that_is_down_resets_connections(proxy: FaultProxy, rclone: RcloneS3) -> None:
    rclone.stop()
    with pytest.raises(ConnectionClosedError):
        put(proxy, KEY, b"content")
    rclone.start()

    put(proxy, KEY, b"content")


def test_proxy_holds_no_body_in_memory(proxy: FaultProxy, tmp_path: Path) -> None:
    source = tmp_path / "large"
    with source.open("wb") as file:
        file.truncate(64 << 20)
    client = s3_client(proxy)
    tracemalloc.start()
    try:
        with source.open("rb") as file:
            client.put_object(Bucket=proxy.bucket, Key=KEY, Body=file)
        digest = object_sha256(proxy, KEY)
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert digest == hashlib.sha256(bytes(64 << 20)).hexdigest()
    assert peak_bytes < 32 << 20


def test_stopping_proxy_ends_what_it_delays(proxy: FaultProxy) -> None:
    proxy.rules.append(Rule(fault=Delay(seconds=600)))
    with ThreadPoolExecutor() as pool:
        writing = pool.submit(put, proxy, KEY, b"content")
        assert eventually(lambda: proxy.count() == 1)

        proxy.stop()

        with pytest.raises(ConnectionClosedError):
            writing.result(timeout=5)


# --------------------------------------------------------------------------- the proxy's faults


@pytest.mark.parametrize(
    ("status", "code"), [(500, "InternalError"), (503, "SlowDown"), (429, "TooManyRequests"), (403, "AccessDenied")]
)
def test_error_status_comes_as_from_s3(proxy: FaultProxy, status: int, code: str) -> None:
    proxy.rules.append(Rule(fault=Answer(status=status, code=code, retry_after_seconds=7)))

    with pytest.raises(ClientError) as refused:
        put(proxy, KEY, PART)

    assert error_code(refused) == code
    metadata = refused.value.response["ResponseMetadata"]
    assert (metadata["HTTPStatusCode"], metadata["HTTPHeaders"]["retry-after"]) == (status, "7")
    with pytest.raises(ClientError) as refused:
        s3_client(proxy).head_object(Bucket=proxy.bucket, Key=KEY)
    assert error_code(refused) == str(status)


@pytest.mark.parametrize("moment", list(Moment))
def test_reset_connection_is_seen_and_the_server_knows_what_the_moment_says(
    proxy: FaultProxy, rclone: RcloneS3, moment: Moment
) -> None:
    proxy.rules.append(Rule(fault=Reset(moment=moment), method="PUT", times=1))

    with pytest.raises((ConnectionClosedError, EndpointConnectionError, ResponseStreamingError)):
        put(proxy, KEY, PART)

    (request,) = proxy.requests
    # rclone shows what it has received until it finds that the rest does not come.
    stored = {KEY: len(PART)} if moment in {Moment.AFTER_FORWARDING, Moment.IN_ANSWER} else {}
    assert eventually(lambda: objects(rclone) == stored)
    assert (request.body_bytes == len(PART)) is (moment not in {Moment.BEFORE_FORWARDING, Moment.IN_REQUEST_BODY})
    # rclone may be busy yet with what was broken off: it refuses what is put, or takes it and then removes it.
    assert eventually(lambda: _is_stored(proxy))


def _is_stored(proxy: FaultProxy) -> bool:
    try:
        put(proxy, KEY, PART)
        return get(proxy, KEY) == PART
    except ClientError:
        return False


def test_answer_is_reset_in_its_middle(proxy: FaultProxy) -> None:
    put(proxy, KEY, PART)
    proxy.rules.append(Rule(fault=Reset(moment=Moment.IN_ANSWER), method="GET"))

    body = s3_client(proxy).get_object(Bucket=proxy.bucket, Key=KEY)["Body"]
    first = body.read(1 << 20)

    assert first == PART[: 1 << 20]
    with pytest.raises((ConnectionClosedError, ResponseStreamingError)):
        body.read()


def test_answer_is_cut_though_its_length_was_announced(proxy: FaultProxy) -> None:
    put(proxy, KEY, b"0123456789")
    proxy.rules.append(Rule(fault=CutAnswer(after_bytes=4), method="GET"))

    response = s3_client(proxy).get_object(Bucket=proxy.bucket, Key=KEY)

    assert response["ContentLength"] == 10
    with pytest.raises((IncompleteReadError, ResponseStreamingError)):
        response["Body"].read()


def test_etag_is_wrong(proxy: FaultProxy) -> None:
    proxy.rules.append(Rule(fault=WrongETag(etag='"lie"'), method="PUT"))

    written = put(proxy, KEY, b"content")

    assert written["ETag"] == '"lie"'
    assert get(proxy, KEY) == b"content"


def test_one_byte_is_another(proxy: FaultProxy) -> None:
    put(proxy, KEY, PART)
    offset = 3_000_000
    proxy.rules.append(Rule(fault=CorruptAnswer(offset=offset), method="GET"))

    received = get(proxy, KEY)

    assert len(received) == len(PART)
    assert [place for place in range(len(PART)) if received[place] != PART[place]] == [offset]


def test_delayed_request_runs_into_the_clients_timeout(proxy: FaultProxy) -> None:
    put(proxy, KEY, b"content")
    proxy.rules.append(Rule(fault=Delay(seconds=30), method="GET", times=1))

    with pytest.raises(ReadTimeoutError):
        s3_client(proxy, timeout_seconds=0.3).get_object(Bucket=proxy.bucket, Key=KEY)

    assert get(proxy, KEY) == b"content"


@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_bodies_drip_both_ways(proxy: FaultProxy, method: str) -> None:
    content = bytes(40_000)
    put(proxy, KEY, content)
    proxy.rules.append(Rule(fault=SlowDrip(bytes_per_second=80_000), method=method))

    began = time.monotonic()
    put(proxy, KEY, content)
    received = get(proxy, KEY)

    assert 0.45 < time.monotonic() - began < 5
    assert received == content


def test_clocks_differ(proxy: FaultProxy) -> None:
    refusal = Rule(fault=ClockSkew(seconds=7200), times=1)
    proxy.rules.extend([refusal, Rule(fault=ClockSkew(seconds=-7200, refuse=False))])

    with pytest.raises(ClientError) as refused:
        put(proxy, KEY, b"content")
    answered = put(proxy, KEY, b"content")["ResponseMetadata"]["HTTPHeaders"]["date"]

    assert error_code(refused) == "RequestTimeTooSkewed"
    ahead = parsedate_to_datetime(refused.value.response["ResponseMetadata"]["HTTPHeaders"]["date"])
    assert abs(ahead - datetime.now(UTC) - timedelta(hours=2)) < timedelta(minutes=1)
    assert abs(parsedate_to_datetime(answered) - datetime.now(UTC) + timedelta(hours=2)) < timedelta(minutes=1)


def test_connections_are_refused_for_a_while(proxy: FaultProxy) -> None:
    client = s3_client(proxy)
    client.put_object(Bucket=proxy.bucket, Key=KEY, Body=b"content")

    proxy.stop()
    with pytest.raises(EndpointConnectionError):
        client.head_object(Bucket=proxy.bucket, Key=KEY)
    proxy.start()

    assert client.head_object(Bucket=proxy.bucket, Key=KEY)["ContentLength"] == 7


@pytest.mark.parametrize("fault", [None, Reset(moment=Moment.AFTER_FORWARDING)])
def test_tls_is_trusted_by_those_who_have_the_authority_only(
    rclone: RcloneS3, tmp_path: Path, fault: Fault | None
) -> None:
    certificate = make_server_certificate(tmp_path)
    with FaultProxy(rclone, certificate=certificate) as proxy:
        trusting = s3_client(proxy, ca_bundle=certificate.ca_bundle)
        trusting.put_object(Bucket=proxy.bucket, Key="tls", Body=b"content")

        with pytest.raises(SSLError):
            s3_client(proxy).head_object(Bucket=proxy.bucket, Key="tls")
        if fault is not None:
            proxy.rules.append(Rule(fault=fault))
            with pytest.raises((ConnectionClosedError, EndpointConnectionError)):
                trusting.head_object(Bucket=proxy.bucket, Key="tls")
        else:
            assert trusting.get_object(Bucket=proxy.bucket, Key="tls")["Body"].read() == b"content"
    s3_client(rclone).delete_object(Bucket=rclone.bucket, Key="tls")
