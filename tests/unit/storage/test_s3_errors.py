"""Errors of object storage in our words, and which of them are worth another attempt."""

from __future__ import annotations

import http.client
import ssl

import pytest
from botocore import exceptions
from urllib3.exceptions import ProtocolError
from urllib3.exceptions import SSLError as TransportSSLError

from octeth_backupd.storage.s3_errors import S3RefusedError, is_missing, is_taken, translated
from octeth_backupd.storage.s3_settings import S3Settings

SETTINGS = S3Settings(bucket="b", prefix="octeth", endpoint_url="https://s3.example.com")
PLAIN = S3Settings(bucket="b", prefix="octeth", endpoint_url="http://s3.example.com:9000")


def _answer(code: str, status: int, **said: str) -> exceptions.ClientError:
    response = {"Error": {"Code": code, **said}, "ResponseMetadata": {"HTTPStatusCode": status, "HTTPHeaders": {}}}
    return exceptions.ClientError(response, "PutObject")


def _translate(exc: Exception, operation: str = "PutObject") -> S3RefusedError:
    error = translated(exc, operation=operation, object_key="octeth/x", settings=SETTINGS)
    assert isinstance(error, S3RefusedError)
    return error


@pytest.mark.parametrize(
    ("code", "status", "words", "hint"),
    [
        ("AccessDenied", 403, "access denied (PutObject)", "Allow s3:PutObject"),
        ("403", 403, "access denied (PutObject)", "Allow s3:PutObject"),
        ("InvalidAccessKeyId", 403, "does not know the access key", "access_key_id"),
        ("SignatureDoesNotMatch", 403, "secret does not belong to the access key", "secret_access_key"),
        ("ExpiredToken", 400, "token has expired", "new one"),
        ("RequestTimeTooSkewed", 403, "clock is more than 15 minutes off", "set-ntp"),
        ("NoSuchBucket", 404, "no such bucket", "bucket"),
        ("PermanentRedirect", 301, "in another region", "region"),
        ("InvalidStorageClass", 400, "does not have that storage class", "storage_class"),
    ],
)
def test_what_an_operator_must_change_is_said_and_not_tried_again(
    code: str, status: int, words: str, hint: str
) -> None:
    error = _translate(_answer(code, status))

    assert words in error.message
    assert hint in error.hint
    assert not error.retryable


def test_region_that_the_service_names_is_in_the_hint() -> None:
    error = _translate(_answer("AuthorizationHeaderMalformed", 400, Region="eu-west-3"))

    assert error.hint == 'Set region = "eu-west-3".'


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("SlowDown", 503),
        ("InternalError", 500),
        ("ServiceUnavailable", 503),
        ("500", 500),
        ("RequestTimeout", 400),
        ("BadDigest", 400),
        ("ThrottlingException", 400),
        ("TooManyRequests", 429),
        ("ConditionalRequestConflict", 409),
    ],
)
def test_trouble_that_passes_is_worth_another_attempt(code: str, status: int) -> None:
    assert _translate(_answer(code, status)).retryable


def test_what_a_service_does_not_have_is_not_tried_again() -> None:
    assert not _translate(_answer("NotImplemented", 501)).retryable


def test_missing_and_taken_are_told_apart() -> None:
    missing, taken = _translate(_answer("NoSuchKey", 404)), _translate(_answer("PreconditionFailed", 412))

    assert (is_missing(missing), is_taken(missing)) == (True, False)
    assert (is_missing(taken), is_taken(taken)) == (False, True)


def _deep(text: str) -> Exception:
    error: Exception = exceptions.EndpointConnectionError(endpoint_url="https://x.example.com", error=OSError(text))
    return error


def _tls(inner: Exception) -> Exception:
    given = TransportSSLError(inner)
    given.__context__ = inner  # as urllib3 raises it
    error: Exception = exceptions.SSLError(endpoint_url="https://x.example.com", error=given)
    return error


@pytest.mark.parametrize(
    "inner",
    [
        ssl.SSLCertVerificationError(1, "Hostname mismatch"),
        ssl.SSLError(1, "[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: self-signed certificate"),
        ssl.SSLError(136, "[X509: NO_CERTIFICATE_OR_CRL_FOUND] no certificate or crl found"),
        FileNotFoundError(2, "No such file or directory"),
    ],
)
def test_certificate_that_is_not_trusted_is_final(inner: Exception) -> None:
    error = translated(_tls(inner), operation="PutObject", object_key="octeth/x", settings=SETTINGS)

    assert "no trusted connection" in error.message
    assert "ca_bundle" in error.hint
    assert not error.retryable


@pytest.mark.parametrize(
    "inner",
    [
        ssl.SSLEOFError(8, "EOF occurred in violation of protocol"),
        ssl.SSLError(1, "[SSL: DECRYPTION_FAILED_OR_BAD_RECORD_MAC] decryption failed or bad record mac"),
        ConnectionResetError(104, "Connection reset by peer"),
    ],
)
def test_tls_connection_that_broke_is_worth_another_attempt(inner: Exception) -> None:
    error = translated(_tls(inner), operation="PutObject", object_key="octeth/x", settings=SETTINGS)

    assert "the connection to https://s3.example.com failed" in error.message
    assert "ca_bundle" not in error.hint
    assert error.retryable


@pytest.mark.parametrize(
    "words",
    ["[SSL: WRONG_VERSION_NUMBER] wrong version number", "[SSL: RECORD_LAYER_FAILURE] record layer failure"],
)
def test_port_that_speaks_no_tls_is_a_setting_to_correct_and_not_tried_again(words: str) -> None:
    error = translated(_tls(ssl.SSLError(1, words)), operation="PutObject", object_key="x", settings=SETTINGS)

    assert "https://s3.example.com does not speak TLS" in error.message
    assert "http:// in endpoint_url" in error.hint
    assert not error.retryable


def test_port_that_answers_plain_http_by_a_tls_alert_is_a_setting_to_correct() -> None:
    alert = http.client.BadStatusLine("\x15\x03\x01\x00\x02\x02F\n")
    exc = exceptions.ConnectionClosedError(endpoint_url="x", error=ProtocolError("Connection aborted.", alert))
    exc.kwargs["error"].__context__ = alert

    error = translated(exc, operation="PutObject", object_key="x", settings=PLAIN)

    assert "http://s3.example.com:9000 does not speak plain HTTP" in error.message
    assert "https:// in endpoint_url" in error.hint
    assert not error.retryable


def test_plain_http_that_is_answered_without_a_reason_or_hung_up_on_may_be_a_port_for_tls() -> None:
    answer = {"Error": {"Code": "400", "Message": "Bad Request"}, "ResponseMetadata": {"HTTPStatusCode": 400}}
    refused = exceptions.ClientError(answer, "ListObjectsV2")
    closed = exceptions.ConnectionClosedError(endpoint_url="x", error=OSError("reset"))

    errors = [translated(exc, operation="ListObjectsV2", object_key="", settings=PLAIN) for exc in (refused, closed)]

    assert all("https:// in endpoint_url" in error.hint for error in errors)
    assert [error.retryable for error in errors] == [False, True]


@pytest.mark.parametrize(
    ("exc", "words", "retryable"),
    [
        (exceptions.NoCredentialsError(), "no credentials", False),
        (exceptions.ProfileNotFound(profile="p"), "p", False),
        (exceptions.ReadTimeoutError(endpoint_url="x", error=OSError("t")), "did not answer in time", True),
        (exceptions.ConnectTimeoutError(endpoint_url="x", error=OSError("t")), "no connection to", True),
        (_deep("[Errno -2] Name or service not known"), "is not known", True),
        (_deep("[Errno 111] Connection refused"), "nothing listens", True),
        (exceptions.ConnectionClosedError(endpoint_url="x", error=OSError("reset")), "connection to", True),
        (exceptions.ResponseStreamingError(error=OSError("cut")), "cut", True),
        (exceptions.IncompleteReadError(actual_bytes=1, expected_bytes=2), "connection to", True),
    ],
)
def test_no_answer_at_all_is_explained(exc: Exception, words: str, retryable: bool) -> None:
    error = translated(exc, operation="PutObject", object_key="octeth/x", settings=SETTINGS)

    assert words in error.message
    assert error.hint
    assert error.retryable is retryable
