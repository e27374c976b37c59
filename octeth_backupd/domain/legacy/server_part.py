"""The server: ``[servers.…]`` from the ``MYSQL_…`` variables."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from octeth_backupd.domain.legacy.report import Fate
from octeth_backupd.domain.names import is_safe_name

if TYPE_CHECKING:
    from octeth_backupd.domain.legacy.draft import Draft
    from octeth_backupd.domain.legacy.surroundings import Surroundings

DEFAULT_NAME = "oempro"
DEFAULT_CONTAINER = "oempro_mysql"
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
_CONTAINER = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
_PASSWORDS = ("MYSQL_ROOT_PASSWORD", "MYSQL_PASSWORD")


def container_of(draft: Draft) -> str:
    """Return the name of the server's container; empty where none is known."""
    name = draft.text("MYSQL_HOST", instead="[servers.NAME] container")
    return name or draft.text("MYSQL_CONTAINER_NAME", instead="[servers.NAME] container")


def translate_server(draft: Draft, around: Surroundings) -> str:
    """Write the table of the server.

    Returns:
        The server's name.
    """
    name = server_name(draft.text("MYSQL_DATABASE", instead="[servers.NAME] databases"))
    is_sibling = draft.configuration.is_set("MYSQL_CONTAINER_NAME") and not draft.configuration.is_set("MYSQL_HOST")
    variable = "MYSQL_CONTAINER_NAME" if is_sibling else "MYSQL_HOST"
    container = container_of(draft)
    if _CONTAINER.fullmatch(container):
        draft.take(variable, f"servers.{name}.container", container)
    else:
        draft.put(f"servers.{name}.container", DEFAULT_CONTAINER)
        if not draft.configuration.problem(variable):
            draft.note(Fate.BY_HAND, variable, f"names no container; {DEFAULT_CONTAINER} is assumed")
    draft.put(f"servers.{name}.user", "root")
    _password(draft, name, "MYSQL_PASSWORD" if is_sibling else "MYSQL_ROOT_PASSWORD")
    database = draft.text("MYSQL_DATABASE")
    if database:
        remark = "what tests of a backup look at; the backup is of the whole server, as before"
        draft.take("MYSQL_DATABASE", f"servers.{name}.databases", [database], remark=remark)
    _data_directory(draft, name, around)
    _binary_logs(draft, name, around)
    return name


def server_name(database: str) -> str:
    """Return a server's name after its database; it becomes part of paths and must be fit for that."""
    name = re.sub(r"[^a-z0-9_-]", "-", database.lower())
    return name if _NAME.fullmatch(name) and is_safe_name(name) else DEFAULT_NAME


def _password(draft: Draft, name: str, variable: str) -> None:
    path = draft.secret_path(f"{name}.password")
    place = f'the only line of {path}, mode 0600, and add password_file = "{path}" to [servers.{name}]'
    if draft.text(variable, instead=place):
        draft.take_secret(variable, f"servers.{name}.password_file", path.name)
    elif not draft.configuration.problem(variable):
        draft.note(Fate.BY_HAND, variable, f"is not set; write the password of root as {place}")


def _data_directory(draft: Draft, name: str, around: Surroundings) -> None:
    variable = "MYSQL_DATA_DIR"
    text = draft.text(variable, instead=f"[servers.{name}] data_directory")
    if not text:
        return
    if around.data_directory is None:
        why = around.docker_problem or "Docker was not asked"
        draft.note(
            Fate.IGNORED, variable,
            f"says {text}; the daemon asks Docker itself. It could not be compared now: {why}",
        )  # fmt: skip
    elif around.is_same_directory(PurePosixPath(text), around.data_directory):
        draft.note(Fate.IGNORED, variable, f"says {text}, and so does Docker: it is found out")
    elif not text.startswith("/"):
        draft.note(Fate.IGNORED, variable, f"is no absolute path; Docker says {around.data_directory}")
    else:
        draft.take(variable, f"servers.{name}.data_directory", text)
        draft.note(
            Fate.BY_HAND, variable,
            f"says {text}, but Docker says {around.data_directory}. The daemon refuses to back up a directory that is "
            f"not the server's: run octeth-backupctl doctor, and remove the line where Docker is right",
        )  # fmt: skip


def _binary_logs(draft: Draft, name: str, around: Surroundings) -> None:
    text = draft.text("MYSQL_LOG_BIN", instead=f"[servers.{name}] binlog_directory")
    draft.text("MYSQL_LOG_BIN_INDEX")
    if not text:
        return
    if around.never_read("MYSQL_LOG_BIN"):
        draft.note(Fate.REVIVED, "MYSQL_LOG_BIN", "was not read by the installed version, which failed without it")
    directory = PurePosixPath(text).parent
    if around.data_directory is None or not text.startswith("/"):
        draft.note(Fate.IGNORED, "MYSQL_LOG_BIN", f"says {text}; the daemon finds the place of the binary logs itself")
    elif any(around.is_same_directory(directory, source) for source in around.mounted):
        draft.note(Fate.IGNORED, "MYSQL_LOG_BIN", f"{directory} is mounted into the container: it is found out")
    else:
        draft.take("MYSQL_LOG_BIN", f"servers.{name}.binlog_directory", str(directory))
