"""What can go wrong with object storage, in our words: what it means, what to do, whether to try again."""

from __future__ import annotations

import http.client
import ssl
from typing import TYPE_CHECKING, Any

from octeth_backupd.errors import StorageError
from octeth_backupd.storage.s3_iam import actions_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from octeth_backupd.storage.s3_settings import S3Settings

NO_SUCH_KEY = frozenset({"NoSuchKey", "404", "NotFound"})
NO_SUCH_UPLOAD = "NoSuchUpload"
TAKEN = frozenset({"PreconditionFailed", "412"})
UNKNOWN_TO_SERVICE = frozenset({"NotImplemented", "501"})
ARCHIVED = "InvalidObjectState"
DENIED = frozenset({"AccessDenied", "403", "AllAccessDisabled", "AccountProblem"})

_PASSING = frozenset(
    {
        "BadDigest",
        "ConditionalRequestConflict",
        "IncompleteBody",
        "InternalError",
        "OperationAborted",
        "RequestTimeout",
        "ServiceUnavailable",
        "SlowDown",
        "XAmzContentSHA256Mismatch",
    }
)
"""Source: Amazon S3 API reference, "Error responses"; the codes after which the same request may succeed."""
_WRONG_PLACE = frozenset(
    {"PermanentRedirect", "TemporaryRedirect", "AuthorizationHeaderMalformed", "IllegalLocationConstraintException"}
)
_WORDS = {
    "InvalidAccessKeyId": (
        "the service does not know the access key",
        "Correct access_key_id; keys of another service or account do not work.",
    ),
    "SignatureDoesNotMatch": (
        "the secret does not belong to the access key",
        "Correct secret_access_key or its file; mind characters that were lost when it was copied.",
    ),
    "ExpiredToken": ("the session token has expired", "Give a new one, or an access key that lasts."),
    "InvalidToken": ("the session token is not valid", "Correct session_token, or leave it out for a lasting key."),
    "RequestTimeTooSkewed": (
        "this machine's clock is more than 15 minutes off",
        "Set it right and keep it so: timedatectl set-ntp true",
    ),
    "NoSuchBucket": ("there is no such bucket", "Correct bucket and endpoint_url, or make the bucket."),
    "InvalidBucketName": ("the service takes no bucket of that name", "Correct bucket."),
    "InvalidStorageClass": ("the service does not have that storage class", "Correct storage_class, or leave it out."),
    "QuotaExceeded": ("the quota is used up", "Raise the quota, or free space in the bucket."),
    "EntityTooLarge": ("the object is too large for the service", "Raise part_size."),
}


class S3RefusedError(StorageError):
    """The service answered, and its answer is no.

    Attributes:
        reason: The service's own code, such as ``NoSuchUpload``; the HTTP status where it gave none.
        operation: The call's name in the API, such as ``PutObject``.
    """

    def __init__(self, message: str, *, reason: str, operation: str, hint: str = "", retryable: bool = False) -> None:
        super().__init__(message, hint=hint, retryable=retryable)
        self.reason = reason
        self.operation = operation


def translated(exc: Exception, *, operation: str, object_key: str, settings: S3Settings) -> StorageError:
    """Return what an error of botocore means.

    Args:
        exc: Whatever a call raised.
        operation: The call's name in the API, such as ``PutObject``.
        object_key: What it was about; empty for the bucket.
        settings: Of the storage.
    """
    from botocore.exceptions import ClientError

    where = f"s3://{settings.bucket}/{object_key}" if object_key else f"s3://{settings.bucket}"
    if isinstance(exc, ClientError):
        return _refusal(exc.response, operation, where, settings)
    return _no_answer(exc, where, settings)


def is_taken(error: BaseException) -> bool:
    """Return whether an error says that there is an object already where there should be none."""
    return isinstance(error, S3RefusedError) and error.reason in TAKEN


def is_missing(error: BaseException) -> bool:
    """Return whether an error says that there is no such object."""
    return isinstance(error, S3RefusedError) and error.reason in NO_SUCH_KEY


def _refusal(response: dict[str, Any], operation: str, where: str, settings: S3Settings) -> S3RefusedError:
    said = response.get("Error", {})
    code = str(said.get("Code", ""))
    status = int(response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    if code in _WORDS:
        what, hint = _WORDS[code]
        return S3RefusedError(f"{where}: {what}", reason=code, operation=operation, hint=hint)
    if code in _WRONG_PLACE or status in (301, 307):
        region = said.get("Region") or response.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get(
            "x-amz-bucket-region", ""
        )
        hint = f'Set region = "{region}".' if region else "Correct region and endpoint_url."
        return S3RefusedError(
            f"{where}: the bucket is in another region than {settings.region or 'the usual one'}",
            reason=code,
            operation=operation,
            hint=hint,
        )
    if code in DENIED or status == 403:
        actions = " and ".join(actions_for(operation, settings))
        hint = f"Allow {actions} for this access key; octeth-backupctl doctor prints the statement."
        return S3RefusedError(f"{where}: access denied ({operation})", reason=code, operation=operation, hint=hint)
    if code in NO_SUCH_KEY:
        return S3RefusedError(f"{where}: there is no such object", reason=code, operation=operation)
    passing = code in _PASSING or "Throttl" in code or (status >= 500 and status != 501) or status == 429
    if status == 400 and code in ("", "400") and _is_plain(settings):
        # A Go server, such as MinIO, and nginx answer so, in text, when they are spoken to in plain HTTP.
        return S3RefusedError(
            f"{where}: the service answered 400 to {operation}, and no reason", reason="400", operation=operation,
            hint=f"If {settings.endpoint_url} expects TLS, write https:// in endpoint_url.",
        )  # fmt: skip
    detail = f": {said['Message']}" if said.get("Message") not in (None, "", code) else ""
    return S3RefusedError(
        f"{where}: the service answered {code or status} to {operation}{detail}",
        reason=code or str(status),
        operation=operation,
        hint="It is busy or in trouble; this is tried again." if passing else "",
        retryable=passing,
    )


def _no_answer(exc: Exception, where: str, settings: S3Settings) -> StorageError:
    from botocore import exceptions

    endpoint = settings.endpoint_url or "AWS S3"
    match exc:
        case exceptions.NoCredentialsError() | exceptions.PartialCredentialsError():
            return StorageError(
                f"{where}: no credentials",
                hint="Give access_key_id and secret_access_key_file, a profile, or a role to this instance.",
            )
        case exceptions.ProfileNotFound() | exceptions.ConfigParseError() | exceptions.ConfigNotFound():
            hint = "Correct profile, or AWS's own configuration files."
            return StorageError(f"{where}: {_first_line(exc)}", hint=hint)
        case exceptions.CredentialRetrievalError():
            return StorageError(
                f"{where}: the credentials could not be had: {_first_line(exc)}",
                hint="Look at the role of this instance, or give an access key.",
                retryable=True,
            )
        case exceptions.SSLError() if _is_untrusted(exc):
            return StorageError(
                f"{where}: no trusted connection to {endpoint}: {_cause(exc)}",
                hint="Name the authority of its certificate in ca_bundle, or correct endpoint_url.",
            )
        case _ if _is_other_protocol(exc):
            other = "https" if _is_plain(settings) else "http"
            return StorageError(
                f"{where}: {endpoint} does not speak {'plain HTTP' if _is_plain(settings) else 'TLS'}: {_cause(exc)}",
                hint=f"Write {other}:// in endpoint_url, or the port that is meant.",
            )
        case exceptions.ParamValidationError() | exceptions.NoRegionError() | exceptions.EndpointResolutionError():
            return StorageError(f"{where}: {_first_line(exc)}", hint="Correct region, bucket and endpoint_url.")
        case exceptions.ReadTimeoutError():
            return StorageError(f"{where}: {endpoint} did not answer in time", hint=_WAIT, retryable=True)
        case exceptions.ConnectTimeoutError():
            return StorageError(
                f"{where}: no connection to {endpoint} in time",
                hint="Look at firewall and proxy, or correct endpoint_url.",
                retryable=True,
            )
    cause = _cause(exc)
    if any(
        words in cause
        for words in (
            "Name or service not known",
            "Temporary failure in name resolution",
            "No address associated",
            "nodename nor servname",
        )
    ):
        return StorageError(
            f"{where}: the name of {endpoint} is not known",
            hint="Correct endpoint_url and region, or look at this machine's name service.",
            retryable=True,
        )
    if "Connection refused" in cause:
        return StorageError(
            f"{where}: nothing listens at {endpoint}",
            hint="Start the service, or correct endpoint_url.",
            retryable=True,
        )
    hint = f"{_WAIT} If the port expects TLS, write https:// in endpoint_url." if _is_plain(settings) else _WAIT
    return StorageError(f"{where}: the connection to {endpoint} failed: {cause}", hint=hint, retryable=True)


_NO_TLS = ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "UNKNOWN_PROTOCOL")
"""How OpenSSL says that the other side's first bytes are no TLS; the second since 3.2, in place of the first."""
_TLS_ALERT = ("\x15\x03", r"\x15\x03")
"""How a TLS alert begins; http.client keeps such a line as it is, or as ``repr`` shows it."""
_WAIT = "It is tried again; look at the network if it stays so."


def _is_untrusted(exc: Exception) -> bool:
    """Return whether TLS failed over certificates, the service's or those of ``ca_bundle``; other trouble passes."""
    wrong = (ssl.SSLCertVerificationError, FileNotFoundError, PermissionError, IsADirectoryError)
    return any(
        isinstance(one, wrong) or "CERTIFICATE_VERIFY_FAILED" in str(one) or str(one).startswith("[X509")
        for one in _beneath(exc)
    )


def _is_other_protocol(exc: Exception) -> bool:
    """Return whether what answered certainly is no TLS where it was expected, or TLS where plain HTTP was."""
    return any(
        (isinstance(one, ssl.SSLError) and any(words in str(one) for words in _NO_TLS))
        or (isinstance(one, http.client.BadStatusLine) and str(one).strip("'\"").startswith(_TLS_ALERT))
        for one in _beneath(exc)
    )


def _is_plain(settings: S3Settings) -> bool:
    return settings.endpoint_url.lower().startswith("http://")


def _beneath(exc: BaseException) -> Iterator[BaseException]:
    """Yield an error and all that it came from, botocore's wrapping included."""
    waiting, seen = [exc], set[int]()
    while waiting:
        one = waiting.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        given = getattr(one, "kwargs", {}).get("error")
        waiting += [inner for inner in (given, one.__cause__, one.__context__) if isinstance(inner, BaseException)]


def _cause(exc: Exception) -> str:
    """Return what lies beneath botocore's wrapping, which repeats addresses and object ids."""
    inner = getattr(exc, "kwargs", {}).get("error") or exc
    while inner.__cause__ is not None or inner.__context__ is not None:
        inner = inner.__cause__ or inner.__context__
    return _first_line(inner)


def _first_line(exc: BaseException) -> str:
    lines = str(exc).strip().splitlines()
    return lines[0][:200] if lines else type(exc).__name__
