"""What is different about a server that only rehearses: options on top of its own, each with the proof that it holds.

The server's configuration counts otherwise: what would keep it from starting on the restored data shall do so now.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from octeth_backupd.domain.server import Vendor, Version

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

BUFFER_POOL_BYTES = 128 * 1024 * 1024
SOCKET_NAME = "mysqld.sock"
ERROR_LOG_NAME = "error.log"

_SERVER_PROGRAMS = {Vendor.MARIADB: "mariadbd", Vendor.MYSQL: "mysqld", Vendor.PERCONA: "mysqld"}
_PROGRAM_NAMES = frozenset({"mysqld", "mariadbd"})
_DETACHING = ("--daemonize", "-D")
_REPLICA_WORDS = Version(major=8, minor=0, patch=26)
_PERSISTED_SWITCH = Version(major=8, minor=0, patch=0)


class Proof(StrEnum):
    """How the value of a variable shows that an override holds."""

    EQUAL = "equal"
    SAME_PATH = "same path"
    AT_MOST = "at most"
    ABSENT_OR_EQUAL = "absent or equal"


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """One option of a rehearsal.

    Attributes:
        option: As on the command line, without dashes; empty: nothing is given, only the variable is looked at.
        variable: That shows it; empty: there is none, another question must be asked.
        value: What it must be.
    """

    option: str
    variable: str = ""
    value: str = ""
    proof: Proof = Proof.EQUAL

    @property
    def argument(self) -> str:
        """Return the argument of the server program."""
        return f"--{self.option}"

    def violation(self, variables: Mapping[str, str]) -> str:
        """Return what is wrong, in words; empty when it holds.

        Args:
            variables: ``SHOW GLOBAL VARIABLES``, names in lower case.
        """
        if not self.variable:
            return ""
        actual = variables.get(self.variable)
        if actual is None:
            return "" if self.proof is Proof.ABSENT_OR_EQUAL else f"{self.variable} is not known to the server"
        if self._is_proven_by(actual):
            return ""
        return f"{self.variable} is {actual!r}, not {self.value!r}"

    def _is_proven_by(self, actual: str) -> bool:
        match self.proof:
            case Proof.AT_MOST:
                return actual.isdigit() and int(actual) <= int(self.value)
            case Proof.SAME_PATH:
                return PurePosixPath(actual) == PurePosixPath(self.value)
            case _:
                return actual.upper() == self.value.upper()


@dataclass(frozen=True, slots=True, kw_only=True)
class RehearsalPlace:
    """Where a rehearsal finds its directories, as the server in it sees them.

    Attributes:
        data: The data directory.
        scratch: For everything that the server writes beside its data.
    """

    data: PurePosixPath
    scratch: PurePosixPath


def overrides(vendor: Vendor, version: Version, place: RehearsalPlace, *, log_bin: bool) -> tuple[Override, ...]:
    """Return what a rehearsal adds to a server's own options.

    Nobody reaches it, it runs no event, no replication and no file of statements, writes its own files into the scratch
    directory and needs little memory. On MySQL binary logging stays as it is on the live server: transactions that
    were prepared at the time of the backup are decided by the backup's binary log.

    Args:
        vendor: Of the server.
        version: Of the server.
        place: Its directories.
        log_bin: The live server writes binary logs.

    Source:
        MySQL 8.4 manual, "Server Command Options" and "Server System Variables"; MariaDB documentation, "mariadbd
        Options"; each tried on MySQL 9.7 and MariaDB 10.11. An empty ``init-file`` aborts MySQL.
    """
    if vendor is Vendor.MARIADB:
        return (*_common(place), *_mariadb())
    return (*_common(place), *_mysql(version, log_bin=log_bin))


def _common(place: RehearsalPlace) -> Iterable[Override]:
    scratch = place.scratch
    yield Override(option="", variable="datadir", value=str(place.data), proof=Proof.SAME_PATH)
    for option, name in (
        ("socket", SOCKET_NAME),
        ("pid-file", "mysqld.pid"),
        ("log-error", ERROR_LOG_NAME),
    ):
        yield _path(option, scratch / name)
    yield _path("tmpdir", scratch)
    yield Override(option=f"relay-log={scratch}/relay")
    yield Override(option=f"relay-log-index={scratch}/relay.index")
    yield Override(option="skip-networking", variable="skip_networking", value="ON")
    yield Override(option="event-scheduler=DISABLED", variable="event_scheduler", value="DISABLED")
    yield Override(option="init-file=/dev/null", variable="init_file", value="/dev/null")
    yield Override(option="init-connect=", variable="init_connect", value="")
    yield _off("general-log")
    yield _off("slow-query-log")
    yield _off("innodb-buffer-pool-load-at-startup")
    yield _off("innodb-buffer-pool-dump-at-shutdown")
    yield Override(option="innodb-fast-shutdown=1", variable="innodb_fast_shutdown", value="1")
    yield Override(
        option=f"innodb-buffer-pool-size={BUFFER_POOL_BYTES}",
        variable="innodb_buffer_pool_size",
        value=str(2 * BUFFER_POOL_BYTES),
        proof=Proof.AT_MOST,
    )


def _mariadb() -> Iterable[Override]:
    yield Override(option="skip-log-bin", variable="log_bin", value="OFF")
    # No variable tells; SHOW ALL SLAVES STATUS does.
    yield Override(option="skip-slave-start")
    yield Override(option="loose-wsrep-on=OFF", variable="wsrep_on", value="OFF", proof=Proof.ABSENT_OR_EQUAL)


def _mysql(version: Version, *, log_bin: bool) -> Iterable[Override]:
    if log_bin:
        yield Override(option="", variable="log_bin", value="ON")
    else:
        yield Override(option="skip-log-bin", variable="log_bin", value="OFF")
    # No variable tells; the list of plugins does.
    yield Override(option="loose-mysqlx=OFF")
    if version >= _REPLICA_WORDS:
        yield Override(option="skip-replica-start", variable="skip_replica_start", value="ON")
    else:
        yield Override(option="skip-slave-start")
    yield _off("relay-log-recovery")
    yield Override(option="super-read-only=ON", variable="super_read_only", value="ON")
    if version >= _PERSISTED_SWITCH:
        yield _off("persisted-globals-load")
    for option in (
        "auto-generate-certs",
        "sha256-password-auto-generate-rsa-keys",
        "caching-sha2-password-auto-generate-rsa-keys",
    ):
        yield _off(option)
    yield Override(option="secure-file-priv=NULL", variable="secure_file_priv", value="NULL")
    yield Override(
        option="loose-group-replication-start-on-boot=OFF",
        variable="group_replication_start_on_boot",
        value="OFF",
        proof=Proof.ABSENT_OR_EQUAL,
    )


def _off(option: str) -> Override:
    return Override(option=f"{option}=OFF", variable=option.replace("-", "_"), value="OFF")


def _path(option: str, path: PurePosixPath) -> Override:
    variable = option.replace("-", "_")
    return Override(option=f"{option}={path}", variable=variable, value=str(path), proof=Proof.SAME_PATH)


def rehearsal_command(
    command: tuple[str, ...], vendor: Vendor, chosen: Iterable[Override], *, skip_grants: bool
) -> tuple[str, ...]:
    """Return program and arguments of a rehearsal.

    Args:
        command: How the live server is started: arguments, with or without the program before them.
        vendor: Whose program is meant where none is named.
        chosen: What is different; it comes last, and the last of several counts.
        skip_grants: Let everybody in who reaches the socket.
    """
    program, arguments = _split(command, vendor)
    kept = [argument for argument in arguments if not argument.startswith(_DETACHING)]
    added = [override.argument for override in chosen if override.option]
    return (program, *kept, *added, *(["--skip-grant-tables"] if skip_grants else []))


def _split(command: tuple[str, ...], vendor: Vendor) -> tuple[str, tuple[str, ...]]:
    """Return the server's program and its arguments; wrappers before it are left out."""
    for position, word in enumerate(command):
        if PurePosixPath(word).name in _PROGRAM_NAMES:
            return word, command[position + 1 :]
    first = next((position for position, word in enumerate(command) if word.startswith("-")), len(command))
    return _SERVER_PROGRAMS[vendor], command[first:]


def violations(chosen: Iterable[Override], variables: Mapping[str, str]) -> tuple[str, ...]:
    """Return what does not hold, in words; empty when everything does."""
    return tuple(filter(None, (override.violation(variables) for override in chosen)))


def is_made_again(name: str) -> bool:
    """Return whether an entry of a data directory is one that a server on fresh data makes by itself.

    Only what a rehearsal made is asked about: the same name may have been restored or carried over.

    Source:
        MySQL 8.4 manual, "Server Startup Configuration" (``auto.cnf``), "Creating SSL and RSA Certificates and Keys",
        "Session Temporary Tablespaces"; MariaDB documentation, "InnoDB Temporary Tablespaces".
    """
    return name in {"auto.cnf", "ib_buffer_pool", "ibtmp1", "#innodb_temp", "tc.log"} or name.endswith(".pem")
