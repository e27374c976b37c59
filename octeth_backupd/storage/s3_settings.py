"""Settings of one bucket in object storage: AWS, and everything that speaks S3."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, ByteSize, Field, SecretStr, model_validator

from octeth_backupd.domain.section import Section

MIB = 1 << 20
SMALLEST_PART_BYTES = 5 * MIB
LARGEST_PART_BYTES = 5 << 30

_BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,254}")


def _bucket(name: str) -> str:
    if not _BUCKET.fullmatch(name):
        raise ValueError("must be the name of a bucket alone: letters, digits, dots, hyphens, underscores")
    return name


def _prefix(prefix: str) -> str:
    if prefix.startswith("/") or prefix.endswith("/"):
        raise ValueError("must neither begin nor end with a slash")
    parts = prefix.split("/") if prefix else []
    if any(part in ("", ".", "..") for part in parts) or not prefix.isprintable() or "\\" in prefix:
        raise ValueError('must be parts joined by single slashes, none of them "." or ".."')
    return prefix


def _endpoint(url: str) -> str:
    parts = urlsplit(url)
    if url and (parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.username):
        raise ValueError("must be an address such as https://s3.example.com:9000, without user and password")
    return url


def _part_size(size_bytes: int) -> int:
    if size_bytes and not SMALLEST_PART_BYTES <= size_bytes <= LARGEST_PART_BYTES:
        raise ValueError("must be 0, or from 5 MiB to 5 GiB: the limits of S3")
    return size_bytes


class S3Settings(Section):
    """A bucket that copies of every backup go to: AWS S3, or what speaks S3 (R2, MinIO, Ceph, Wasabi, GCS by HMAC)."""

    bucket: Annotated[str, AfterValidator(_bucket)] = Field(description="Name of the bucket; it exists already.")
    prefix: Annotated[str, AfterValidator(_prefix)] = Field(
        default="", description="What keys begin with, without slashes at its ends; empty for the bucket's top."
    )
    region: str = Field(default="", description="Region; empty for what the endpoint or the environment says.")
    endpoint_url: Annotated[str, AfterValidator(_endpoint)] = Field(
        default="", description="Address of a service other than AWS, such as https://minio.example.com:9000."
    )
    addressing: Literal["auto", "path", "virtual"] = Field(
        default="auto",
        description="Whether the bucket is part of the path or of the host name; auto: path with an endpoint_url.",
    )
    ca_bundle: Path | None = Field(
        default=None, description="Certificates (PEM) that the service's certificate is verified with."
    )
    access_key_id: str = Field(
        default="",
        description="Id of the access key; empty for the default chain: environment, profile, role of the instance.",
    )
    secret_access_key: SecretStr = Field(
        default=SecretStr(""), description="Secret of the access key; better kept in secret_access_key_file."
    )
    secret_access_key_file: Path | None = Field(
        default=None, description="File that holds the secret on its only line; mode 0600."
    )
    session_token: SecretStr = Field(
        default=SecretStr(""), description="Token that belongs to a temporary access key; it expires with the key."
    )
    session_token_file: Path | None = Field(default=None, description="File that holds the token; mode 0600.")
    profile: str = Field(default="", description="Profile of AWS's own configuration files, instead of an access key.")
    storage_class: str = Field(
        default="",
        pattern=r"^[A-Z0-9_]*$",
        description="Class of archives, such as STANDARD_IA; empty for the bucket's usual one. Mind minimum durations.",
    )
    server_side_encryption: Literal["", "AES256", "aws:kms"] = Field(
        default="", description="Encryption by the service; empty for what the bucket does by itself."
    )
    kms_key_id: str = Field(default="", description='Key for server_side_encryption = "aws:kms"; empty: AWS\'s own.')
    tags: dict[str, str] = Field(default={}, description="Tags of every object, for lifecycle rules and bills.")
    checksums: Literal["auto", "when_supported", "when_required"] = Field(
        default="auto",
        description="Whether the newer checksums of S3 are sent, which many other services refuse; "
        "auto: only without an endpoint_url.",
    )
    object_lock_mode: Literal["", "governance", "compliance"] = Field(
        default="", description="Lock every file against deletion; the bucket must have been made with object lock."
    )
    object_lock_days: int = Field(default=0, ge=0, le=36500, description="Days for which files are locked.")
    rate_limit: ByteSize = Field(default=ByteSize(0), description="Bytes per second for all uploads; 0: no limit.")
    part_size: Annotated[ByteSize, AfterValidator(_part_size)] = Field(
        default=ByteSize(0), description="Size of the parts of an upload; 0: decided from the size of the archive."
    )
    parallel_parts: int = Field(
        default=3, ge=1, le=16, description="Parts on their way at a time; fewer where they would not fit in memory."
    )
    connect_timeout_seconds: int = Field(default=10, ge=1, le=300, description="Longest wait for a connection.")
    read_timeout_seconds: int = Field(default=60, ge=1, le=3600, description="Longest wait for an answer to begin.")

    @property
    def addressing_style(self) -> Literal["path", "virtual", "auto"]:
        """Return where the bucket stands, as botocore spells it."""
        return "path" if self.addressing == "auto" and self.endpoint_url else self.addressing

    @property
    def checksum_mode(self) -> Literal["when_supported", "when_required"]:
        """Return when the newer checksums are sent and asked for."""
        if self.checksums == "auto":
            return "when_required" if self.endpoint_url else "when_supported"
        return self.checksums

    @property
    def secrets(self) -> tuple[str, ...]:
        """Return what must never be shown."""
        return tuple(text for one in (self.secret_access_key, self.session_token) if (text := one.get_secret_value()))

    @model_validator(mode="after")
    def _bucket_named_once(self) -> Self:
        if self.bucket in urlsplit(self.endpoint_url).path.split("/"):
            raise ValueError(f"endpoint_url holds the bucket, which bucket = {self.bucket!r} names: leave it out there")
        return self

    @model_validator(mode="after")
    def _one_kind_of_credentials(self) -> Self:
        if bool(self.access_key_id) != bool(self.secret_access_key.get_secret_value()):
            raise ValueError("access_key_id and secret_access_key belong together: give both or neither")
        if self.session_token.get_secret_value() and not self.access_key_id:
            raise ValueError("session_token belongs to an access key: give access_key_id and secret_access_key too")
        if self.profile and self.access_key_id:
            raise ValueError("profile and access_key_id exclude each other: keep one of them")
        return self

    @model_validator(mode="after")
    def _lock_and_encryption_make_sense(self) -> Self:
        if bool(self.object_lock_mode) != bool(self.object_lock_days):
            raise ValueError("object_lock_mode and object_lock_days belong together: give both or neither")
        if self.kms_key_id and self.server_side_encryption != "aws:kms":
            raise ValueError('kms_key_id needs server_side_encryption = "aws:kms"')
        return self
