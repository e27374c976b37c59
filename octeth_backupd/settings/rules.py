"""Rules that no single section can hold; they look at raw values, so that they speak up beside other problems."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from octeth_backupd.domain.names import RESERVED_SERVER_NAMES
from octeth_backupd.domain.retention.settings import RetentionSettings
from octeth_backupd.settings.directories import directory_problems
from octeth_backupd.settings.groups import group_problems
from octeth_backupd.settings.keys import fields_of, given_keys, is_secret, table_of, value_at
from octeth_backupd.settings.kinds import kind_of, takes_boolean, takes_list, takes_path
from octeth_backupd.settings.problems import Problem, toml_path
from octeth_backupd.settings.settings import Settings
from octeth_backupd.settings.suggestions import did_you_mean
from octeth_backupd.storage.s3_classes import early_deletion, shortest_days

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_GZIP_HIGHEST = 9
_SOCKET_PATH_BYTES = 107  # unix(7): sun_path holds 108 with its end mark
_REMOTE_SECTIONS = ("s3", "storages")
RESERVED_STORAGE_NAMES = frozenset({"local", "s3"})
_PLACEMENTS = (("container",), ("systemd_unit",), ("socket",), ("address", "port"))


def broken_rules(values: Mapping[str, Any]) -> Iterator[Problem]:
    """Yield what is wrong with the merged values as a whole."""
    yield from _keys_by_their_python_name(values)
    yield from _values_out_of_kind(values)
    yield from _servers_with_reserved_names(values)
    yield from _servers_configured_twice(values)
    yield from _storages_with_reserved_names(values)
    yield from _buckets_configured_twice(values)
    yield from _classes_left_too_early(values)
    yield from _notifiers_of_unknown_servers(values)
    yield from _values_out_of_reach(values)
    yield from directory_problems(values)
    yield from group_problems(values)


def secrets_given_in(values: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the TOML paths of the secrets that raw values hold themselves."""
    return tuple(toml_path(key.path) for key, value in given_keys(Settings, values) if is_secret(key.field) and value)


def _keys_by_their_python_name(values: Mapping[str, Any]) -> Iterator[Problem]:
    """Yield keys that pydantic takes by the name of the attribute: two spellings of one table would not be merged."""
    for section, field in fields_of(Settings).items():
        table = table_of(field.annotation)
        given = values.get(section)
        for name, key in (table.model_fields if table else {}).items():
            if key.alias not in (None, name) and isinstance(given, dict) and name in given:
                hint = f"Did you mean {key.alias}?"
                yield Problem(path=toml_path((section, name)), message="unknown key", hint=hint)


def _values_out_of_kind(values: Mapping[str, Any]) -> Iterator[Problem]:
    """Yield what pydantic lets pass: true for 1, texts for true, relative paths, and empty ones that must be there."""
    for key, value in given_keys(Settings, values):
        path = toml_path(key.path)
        if isinstance(value, bool) and not takes_boolean(key.field):
            yield Problem(path=path, message=f"must be {kind_of(key.field)}")
        elif key.field.annotation is bool and not isinstance(value, bool):
            yield Problem(path=path, message=f"must be {kind_of(key.field)}", hint="Write it without quotes.")
        elif isinstance(value, str) and takes_path(key.field) and not takes_list(key.field):
            if not value and key.field.default is None:
                continue
            if not value.startswith("/"):
                yield Problem(path=path, message="must be an absolute path", hint="Begin it with a slash.")
            elif ".." in value.split("/"):
                yield Problem(path=path, message='must not contain ".."', hint="Write the path that is meant.")
            elif "\0" in value:
                yield Problem(path=path, message="must not contain a zero byte")


def _servers_with_reserved_names(values: Mapping[str, Any]) -> Iterator[Problem]:
    servers = values.get("servers")
    for name in servers if isinstance(servers, dict) else ():
        if name in RESERVED_SERVER_NAMES:
            message = "not possible as the name of a server: it means something else where one could stand"
            hint = f"These are reserved: {', '.join(sorted(RESERVED_SERVER_NAMES))}."
            yield Problem(path=toml_path(("servers", name)), message=message, hint=hint)


def _storages_with_reserved_names(values: Mapping[str, Any]) -> Iterator[Problem]:
    storages = values.get("storages")
    for name in storages if isinstance(storages, dict) else ():
        if name in RESERVED_STORAGE_NAMES:
            hint = f"Choose another than {' and '.join(sorted(RESERVED_STORAGE_NAMES))}; the first bucket is [s3]."
            path = toml_path(("storages", name))
            yield Problem(path=path, message="not possible as the name of a storage: it is another's", hint=hint)


def _buckets_configured_twice(values: Mapping[str, Any]) -> Iterator[Problem]:
    """Yield storages that would fill the same place: each would find the other's files where its own should go."""
    storages = values.get("storages")
    tables = {"s3": values.get("s3")}
    tables |= {f"storages.{name}": table for name, table in (storages if isinstance(storages, dict) else {}).items()}
    seen: dict[tuple[str, ...], str] = {}
    for path, table in tables.items():
        if not isinstance(table, dict) or "bucket" not in table:
            continue
        place = tuple(str(table.get(key, "")) for key in ("endpoint_url", "bucket", "prefix"))
        first = seen.setdefault(place, path)
        if first != path:
            hint = "Give it a prefix of its own, or remove one of the tables."
            yield Problem(path=f"{path}.bucket", message=f"the same place as {first}", hint=hint)


def _classes_left_too_early(values: Mapping[str, Any]) -> Iterator[Problem]:
    """Yield a warning for each storage class whose least time is longer than backups are kept."""
    try:
        kept_days = shortest_days(RetentionSettings.model_validate(values.get("retention", {})))
    except ValidationError:
        return  # said elsewhere
    for key, value in given_keys(Settings, values):
        if key.path[-1] == "storage_class" and isinstance(value, str) and (early := early_deletion(value, kept_days)):
            hint = "Choose another class, or keep more; what is deleted earlier is paid for all the same."
            yield Problem(path=toml_path(key.path), message=early, hint=hint, is_warning=True)


def _servers_configured_twice(values: Mapping[str, Any]) -> Iterator[Problem]:
    servers = values.get("servers")
    seen: dict[tuple[Any, ...], str] = {}
    for name, server in servers.items() if isinstance(servers, dict) else ():
        for keys in _PLACEMENTS:
            value = tuple(str(value_at(server, (key,))) for key in keys) if isinstance(server, dict) else ()
            if not isinstance(server, dict) or keys[0] not in server:
                continue
            first = seen.setdefault((keys, value), name)
            if first != name:
                message = f"the same as servers.{first}.{keys[0]}"
                hint = "One server is one table; remove the other."
                yield Problem(path=f"servers.{name}.{keys[0]}", message=message, hint=hint)


def _notifiers_of_unknown_servers(values: Mapping[str, Any]) -> Iterator[Problem]:
    servers, notifiers = values.get("servers"), values.get("notify")
    known = tuple(servers) if isinstance(servers, dict) else ()
    for name, table in notifiers.items() if isinstance(notifiers, dict) else ():
        wanted = table.get("servers") if isinstance(table, dict) else None
        for server in wanted if isinstance(wanted, list) else ():
            if server not in known:
                path = toml_path(("notify", name, "servers"))
                yield Problem(path=path, message=f"no server {server!r}", hint=did_you_mean(str(server), known))


def _values_out_of_reach(values: Mapping[str, Any]) -> Iterator[Problem]:
    """Yield values that fit their type, but nothing that is there to take them."""
    level = _number(value_at(values, ("compression", "level")))
    if value_at(values, ("compression", "algorithm")) == "gzip" and level is not None and level > _GZIP_HIGHEST:
        yield Problem(path="compression.level", message=f"must be a whole number from 1 to {_GZIP_HIGHEST} for gzip")
    threads = _number(value_at(values, ("compression", "threads")))
    if threads is not None and threads < 1:
        hint = 'Write "auto" for the number of cores.'
        yield Problem(path="compression.threads", message="must be at least 1", hint=hint)
    if value_at(values, ("local", "keep")) is False and not any(values.get(section) for section in _REMOTE_SECTIONS):
        hint = "Remove the line, or configure object storage: an [s3] table."
        yield Problem(path="local.keep", message="backups would be kept nowhere without local disk", hint=hint)
    host = value_at(values, ("docker", "host"))
    if isinstance(host, str) and "://" not in host:
        hint = 'Write "unix:///var/run/docker.sock" for a socket, or "tcp://host:port".'
        yield Problem(path="docker.host", message="not the address of a Docker engine", hint=hint)
    socket = value_at(values, ("control", "socket"))
    if isinstance(socket, str) and len(os.fsencode(socket)) > _SOCKET_PATH_BYTES:
        message = f"longer than {_SOCKET_PATH_BYTES} bytes, the most that the path of a socket may have"
        yield Problem(path="control.socket", message=message, hint="Choose a shorter directory.")


def _number(value: Any) -> int | None:
    """Take a number as TOML or, in text, the environment gives it; anything else is for the models to judge."""
    try:
        return int(value) if isinstance(value, str | int) and not isinstance(value, bool) else None
    except ValueError:
        return None
