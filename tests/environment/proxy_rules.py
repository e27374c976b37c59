"""What the fault proxy does to which request: values that a test puts into ``FaultProxy.rules``."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, auto
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, unquote, urlsplit

if TYPE_CHECKING:
    from collections.abc import Mapping


class Moment(Enum):
    """When a connection is reset.

    Attributes:
        BEFORE_FORWARDING: After the request's headers: nothing reaches the server.
        IN_REQUEST_BODY: When half of the body is forwarded; the server's connection is reset too.
        AFTER_BODY: The whole body was received, and nothing was forwarded.
        AFTER_FORWARDING: The server has done and answered what was asked, and the client is not told.
        IN_ANSWER: When half of the answer's body is sent, or of its headers when it has none.
    """

    BEFORE_FORWARDING = auto()
    IN_REQUEST_BODY = auto()
    AFTER_BODY = auto()
    AFTER_FORWARDING = auto()
    IN_ANSWER = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Delay:
    """The request is forwarded late."""

    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Reset:
    """The connection is reset (RST)."""

    moment: Moment = Moment.BEFORE_FORWARDING


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The proxy answers with S3's error document in place of the server, which sees nothing.

    With the status 200 it is the error that S3 sends after it has begun to answer CompleteMultipartUpload.
    """

    status: int = 503
    code: str = "SlowDown"
    message: str = "Please reduce your request rate."
    retry_after_seconds: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockSkew:
    """The clocks differ: the answer's Date is that of the server's clock.

    Attributes:
        seconds: What the server's clock is ahead of ours.
        refuse: Answer RequestTimeTooSkewed; otherwise the request is forwarded.
    """

    seconds: float = 3600
    refuse: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class CutAnswer:
    """The connection is closed after so many bytes of the answer's body, whatever Content-Length has announced."""

    after_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WrongETag:
    """The answer carries another ETag."""

    etag: str = '"00000000000000000000000000000000"'


@dataclass(frozen=True, slots=True, kw_only=True)
class CorruptAnswer:
    """One byte of the answer's body is another, and its length is right."""

    offset: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SlowDrip:
    """Bodies pass at this rate, both ways."""

    bytes_per_second: int


Fault = Delay | Reset | Answer | ClockSkew | CutAnswer | WrongETag | CorruptAnswer | SlowDrip


@dataclass(slots=True, kw_only=True, eq=False)
class SeenRequest:
    """A request that reached the proxy.

    Attributes:
        key: Without the bucket; empty for requests about the bucket.
        body_bytes: What was received of the body so far.
        status: What the client was answered; None when it was not.
    """

    method: str
    bucket: str
    key: str
    query: dict[str, str]
    headers: dict[str, str]
    fault: Fault | None = None
    body_bytes: int = 0
    status: int | None = None

    @classmethod
    def of(cls, method: str, target: str, headers: Mapping[str, str]) -> SeenRequest:
        """Read a path-style request."""
        parts = urlsplit(target)
        bucket, _, key = parts.path.removeprefix("/").partition("/")
        return cls(
            method=method,
            bucket=unquote(bucket),
            key=unquote(key),
            query=dict(parse_qsl(parts.query, keep_blank_values=True)),
            headers=dict(headers),
        )

    def matches(self, *, method: str | None = None, key: str = "*", query: Mapping[str, str | None] = {}) -> bool:
        """Tell whether this is such a request; see ``Rule`` for the arguments."""
        return (
            method in (None, self.method)
            and fnmatchcase(self.key, key)
            and all(name in self.query and value in (None, self.query[name]) for name, value in query.items())
        )


@dataclass(slots=True, kw_only=True, eq=False)
class Rule:
    """A fault, and the requests that it befalls.

    Attributes:
        method: GET, PUT …; None for each.
        key: Pattern of the object's key, as a shell's, where ``*`` matches slashes too.
        query: Parameters that must be there, and their values; None for any value:
            ``{"partNumber": "3"}``, ``{"uploads": None}``.
        first: The how-manieth matching request is the first that is struck; from 1.
        times: How many in a row are struck; None for all that follow.
        seen: Requests that matched.
        struck: Requests that the fault befell.
    """

    fault: Fault
    method: str | None = None
    key: str = "*"
    query: Mapping[str, str | None] = field(default_factory=dict)
    first: int = 1
    times: int | None = None
    seen: int = field(default=0, init=False)
    struck: int = field(default=0, init=False)

    def take(self, request: SeenRequest) -> bool:
        """Count a request if it matches, and tell whether the fault befalls it."""
        if not request.matches(method=self.method, key=self.key, query=self.query):
            return False
        self.seen += 1
        return self.seen >= self.first and (self.times is None or self.seen < self.first + self.times)
