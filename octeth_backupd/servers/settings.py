"""Settings of one server."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, SecretStr, model_validator

from octeth_backupd.domain.section import Section
from octeth_backupd.domain.server import Placement


class ServerSettings(Section):
    """A MySQL or MariaDB server: where it runs and who logs in. Everything else is found out."""

    container: str | None = Field(
        default=None, min_length=1, description="Name of the Docker container that the server runs in."
    )
    systemd_unit: str | None = Field(
        default=None, min_length=1, description="systemd unit of a server outside Docker, such as mysql.service."
    )
    address: str | None = Field(
        default=None,
        min_length=1,
        description="Host name or IP address. With a container: used instead of the addresses that were found.",
    )
    port: int | None = Field(
        default=None,
        ge=1,
        le=65535,
        description="TCP port, 3306 when absent. With a container and no address: the port inside the container.",
    )
    socket: Path | None = Field(
        default=None, description="The server's Unix socket on this host; used instead of any address."
    )
    user: str = Field(default="root", min_length=1, description="Account to log in with.")
    password: SecretStr = Field(
        default=SecretStr(""), description="Password of the account; better kept in password_file."
    )
    password_file: Path | None = Field(
        default=None, description="File that holds the password on its only line; mode 0600."
    )
    tls: Literal["preferred", "required", "disabled"] = Field(
        default="preferred",
        description="Encryption of TCP connections: where the server offers it, always, or never.",
    )
    tls_ca: Path | None = Field(
        default=None, description="Certificates (PEM) that the server's certificate is verified with; implies required."
    )
    databases: tuple[str, ...] = Field(
        default=(), description="Databases that tests of a backup look at; the backup is of the whole server."
    )
    data_directory: Path | None = Field(
        default=None, description="The server's data directory as this host sees it; found out when absent."
    )
    binlog_directory: Path | None = Field(
        default=None, description="The directory of its binary logs as this host sees it; found out when absent."
    )

    @property
    def placement(self) -> Placement:
        """Return how the server runs."""
        if self.container is not None:
            return Placement.CONTAINER
        return Placement.SYSTEMD if self.systemd_unit is not None else Placement.ADDRESS

    @model_validator(mode="after")
    def _one_placement(self) -> Self:
        if self.container is not None and self.systemd_unit is not None:
            raise ValueError("container and systemd_unit exclude each other: keep the one that the server runs in")
        if self.placement is Placement.ADDRESS and self.address is None and self.socket is None:
            raise ValueError("one of container, systemd_unit, address or socket must say where the server is")
        if self.address is not None and self.socket is not None:
            raise ValueError("address and socket exclude each other: keep the one to connect to")
        return self

    @model_validator(mode="after")
    def _absolute_paths(self) -> Self:
        for name in ("socket", "password_file", "tls_ca", "data_directory", "binlog_directory"):
            path: Path | None = getattr(self, name)
            if path is not None and not path.is_absolute():
                raise ValueError(f"{name} must be an absolute path")
        return self

    @model_validator(mode="after")
    def _tls_makes_sense(self) -> Self:
        if self.tls == "disabled" and self.tls_ca is not None:
            raise ValueError('tls_ca has no use with tls = "disabled": remove one of them')
        return self
