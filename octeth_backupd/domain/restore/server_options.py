"""A server's options as its configuration files and command line give them, where it cannot be asked in SQL."""

from __future__ import annotations

from typing import TYPE_CHECKING

from octeth_backupd.domain.server import Vendor

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

SERVER_PROGRAMS = ("mysqld", "mariadbd")
DEFAULT_DATA_DIRECTORY = "/var/lib/mysql/"

_PLACES = {
    "innodb_data_home_dir": "",
    "innodb_log_group_home_dir": "./",
    "innodb_undo_directory": "./",
    "innodb_directories": "",
}
"""Where parts of the data may lie, with the default."""
_COPIED = ("innodb_data_file_path", "innodb_page_size", "lower_case_table_names", "tmpdir", "socket", "port")
_SHORT = {"h": "datadir", "P": "port"}
_ON_BY_DEFAULT = frozenset({Vendor.MYSQL, Vendor.PERCONA})


def server_program(vendor: Vendor) -> str:
    """Return the name of a vendor's server program."""
    return "mariadbd" if vendor is Vendor.MARIADB else "mysqld"


def is_server_program(word: str) -> bool:
    """Return whether a program is a server's, whatever directory it is in."""
    return word.rpartition("/")[2] in SERVER_PROGRAMS


def server_command(entrypoint: Sequence[str], command: Sequence[str], vendor: Vendor) -> tuple[str, ...]:
    """Return program and arguments that a container starts its server with, its entrypoint script left out.

    Args:
        entrypoint: Of the container.
        command: Of the container; options alone where the entrypoint adds the program, as those of the usual images do.
        vendor: Decides which program that is.
    """
    words = tuple(command)
    if entrypoint and is_server_program(entrypoint[0]):
        return (*entrypoint, *words)
    if not words or words[0].startswith("-"):
        return (server_program(vendor), *words)
    return words


def read_options(arguments: Iterable[str]) -> dict[str, str]:
    """Return options by name, underscores for dashes, the last of each; one without a value has an empty one.

    ``skip-log-bin`` and ``disable-log-bin`` give ``log_bin`` the value ``OFF``.

    Source:
        MySQL 8.4 manual, 6.2.2.4 "Program Option Modifiers"; ``loose-`` may precede any option.
    """
    options: dict[str, str] = {}
    for argument in arguments:
        if not argument.startswith("-") or argument in {"-", "--"}:
            continue
        if argument.startswith("--"):
            name, _, value = argument[2:].partition("=")
        else:
            name, value = _SHORT.get(argument[1], argument[1]), argument[2:]
        plain = name.lower().replace("-", "_").removeprefix("loose_")
        if plain in {"skip_log_bin", "disable_log_bin"}:
            plain, value = "log_bin", "OFF"
        options[plain] = value
    return options


def path_variables(options: Mapping[str, str], remembered: Mapping[str, str], vendor: Vendor) -> dict[str, str]:
    """Return the variables that say where a server's files are, spelled as ``SHOW GLOBAL VARIABLES`` does.

    Args:
        options: From configuration files and command line, as ``read_options`` gives them.
        remembered: Variables from the time of a backup: for what the program was built with.
        vendor: Decides whether binary logs are written by default.
    """
    data = options.get("datadir") or remembered.get("datadir") or DEFAULT_DATA_DIRECTORY
    variables = {"datadir": data if data.endswith("/") else f"{data}/"}
    variables |= {name: options.get(name, default) for name, default in _PLACES.items()}
    variables |= {name: options[name] for name in _COPIED if options.get(name)}
    return variables | _binary_logs(options, remembered, vendor, variables["datadir"])


def _binary_logs(
    options: Mapping[str, str], remembered: Mapping[str, str], vendor: Vendor, data_directory: str
) -> dict[str, str]:
    chosen = options.get("log_bin")
    off = chosen == "OFF" if chosen is not None else vendor not in _ON_BY_DEFAULT
    if off or (chosen == "0" and vendor is Vendor.MARIADB):
        return {"log_bin": "OFF", "log_bin_basename": "", "log_bin_index": ""}
    basename = chosen or options.get("log_basename") or remembered.get("log_bin_basename") or "binlog"
    if basename in {"1", "ON"}:
        basename = remembered.get("log_bin_basename") or "binlog"
    absolute = basename if basename.startswith("/") else f"{data_directory}{basename}"
    index = options.get("log_bin_index") or f"{_without_extension(absolute)}.index"
    return {
        "log_bin": "ON",
        "log_bin_basename": _without_extension(absolute),
        "log_bin_index": index if index.startswith("/") else f"{data_directory}{index}",
    }


def _without_extension(path: str) -> str:
    """Return a binary log's base name: the server drops an extension from the name it is given."""
    directory, slash, name = path.rpartition("/")
    return f"{directory}{slash}{name.partition('.')[0] or name}"
