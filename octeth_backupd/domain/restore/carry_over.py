"""Which files of the present data directory go along into the restored one: no backup holds them."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

SERVER_UUID_FILE = "auto.cnf"
_CARRIED = re.compile(
    r"mysqld-auto\.cnf"  # SET PERSIST
    r"|.*\.pem"  # TLS, and the keys of the password plugins
    r"|\.my-healthcheck\.cnf"  # MariaDB's image: without it the container is unhealthy for ever
    r"|mysqld\.my"  # which keyring component is loaded
    r"|component_keyring.*"
    r"|keyring.*",
    re.DOTALL,
)
_FILE_VARIABLES = re.compile(
    r"(?:.*_)?ssl_(?:ca|capath|cert|key|crl|crlpath)"
    r"|(?:caching_sha2_password|sha256_password)_(?:private|public)_key_path"
    r"|keyring_file_data|keyring_encrypted_file_data"
    r"|file_key_management_file(?:name|key)"
)
_SCHEMAS = frozenset({"mysql", "performance_schema", "sys", "information_schema"})


def carried_names(
    names: Iterable[str], *, directories: Iterable[str] = (), variables: Mapping[str, str], keep_server_uuid: bool
) -> tuple[str, ...]:
    """Return the paths, relative to the data directory, of the files and directories to be carried over.

    Those are what belongs to the server rather than to its data: persisted variables, TLS files, the keyring, the
    health check's login. MySQL's identity is not among them: restored data with the old identity would make replicas
    and binary logs believe that nothing happened.

    Args:
        names: Entries of the present data directory.
        directories: Those of them that are directories. One goes along only where a variable names it: any other may
            be a database, whatever it is called, and its tables belong to the present data alone.
        variables: ``SHOW GLOBAL VARIABLES`` as far as known: they name TLS and keyring files.
        keep_server_uuid: Carry ``auto.cnf`` over as well.

    Source:
        Percona XtraBackup's ``backup_copy.cc``: none of these files is copied. MariaDB's image: issue 666 of
        mariadb-docker.
    """
    present = set(names)
    carried = {name for name in present.difference(directories) if _CARRIED.fullmatch(name)}
    carried |= {path for path in _named_by(variables) if PurePosixPath(path).parts[0] in present}
    if keep_server_uuid and SERVER_UUID_FILE in present:
        carried.add(SERVER_UUID_FILE)
    return tuple(sorted(path for path in carried if not _lies_in_another(path, carried)))


def _named_by(variables: Mapping[str, str]) -> Iterator[str]:
    """Yield the paths within the data directory that variables name; relative ones are relative to it."""
    data_directory = PurePosixPath(variables.get("datadir") or "/")
    for name, value in variables.items():
        if not value or not _FILE_VARIABLES.fullmatch(name):
            continue
        path = data_directory / value
        if data_directory == PurePosixPath("/") and PurePosixPath(value).is_absolute():
            continue  # nobody knows where the data directory is
        if ".." in path.parts or not path.is_relative_to(data_directory):
            continue
        relative = path.relative_to(data_directory)
        if relative.parts and relative.parts[0] not in _SCHEMAS:
            yield str(relative)


def _lies_in_another(path: str, paths: set[str]) -> bool:
    return any(str(parent) in paths for parent in PurePosixPath(path).parents)
