"""The example configuration file, written from the models: every key with its default, commented out."""

from __future__ import annotations

import json
import re
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ByteSize, SecretStr

from octeth_backupd.settings.keys import NAME, fields_of, is_secret, keys_of, named_tables_of, table_of
from octeth_backupd.settings.kinds import kind_of, takes_list
from octeth_backupd.settings.settings import Settings
from octeth_backupd.settings.view import size_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic import BaseModel
    from pydantic.fields import FieldInfo

    from octeth_backupd.settings.keys import Key

EXAMPLE_SERVER = "oempro"
_EXAMPLE_NAMES = {"servers": EXAMPLE_SERVER, "storages": "second", "notify": "team"}
ACTIVE = {
    "servers.NAME.container": "oempro_mysql",
    "servers.NAME.user": "root",
    "servers.NAME.password_file": "/etc/octeth-backupd/oempro.password",
    "servers.NAME.databases": ["oempro"],
}
"""What the example sets; enough for the usual Octeth installation."""

OPTIONAL = ("s3", "storages", "notify")
"""Tables that are absent unless somebody wants them: their very names are commented out."""

_SUGGESTED = {
    "servers.NAME.systemd_unit": "mysql.service",
    "servers.NAME.address": "127.0.0.1",
    "servers.NAME.port": 3306,
    "servers.NAME.socket": "/run/mysqld/mysqld.sock",
    "servers.NAME.tls_ca": "/etc/octeth-backupd/oempro-ca.pem",
    "servers.NAME.data_directory": "/opt/oempro/_dockerfiles/mysql/data_v8",
    "servers.NAME.binlog_directory": "/opt/oempro/_dockerfiles/mysql/binlog",
    "backup.workspace_directory": "/var/backups/octeth/.workspace",
    "retention.remote.daily": 14,
    "retention.remote.weekly": 8,
    "retention.remote.monthly": 12,
    "notices.overdue_after_seconds.daily": 93600,
    "notices.overdue_after_seconds.weekly": 612000,
    "notices.overdue_after_seconds.monthly": 2685600,
    "metrics.textfile": "/var/lib/prometheus/node-exporter/octeth_backupd.prom",
    "control.admin_group": "octeth-backup-admin",
    "s3.bucket": "my-backups",
    "storages.NAME.bucket": "my-other-backups",
    "notify.NAME.kind": "email",
    "notify.NAME.host": "smtp.example.com",
    "notify.NAME.sender": "backup@example.com",
    "notify.NAME.recipients": ["dba@example.com"],
}
"""Values shown for keys that have no default."""

_HEAD = """\
# octeth-backupd: configuration. Written from the settings models by `python -m octeth_backupd.settings.reference`.
#
# This is all that the usual installation needs: a container and the file that holds its password. Whatever is
# commented out shows its default. Every key is explained in docs/reference/settings.md.
#
#   octeth-backupd check-config     lists everything that is wrong with this file
#   systemctl reload octeth-backupd takes up a change
"""
_BLANK_HEAD = """\
# octeth-backupd: configuration. Nothing is set yet: whatever is commented out shows its default, or an example.
# `octeth-backupd setup` asks and writes it. By hand:
#
# 1. Remove the # before the table of your server, [servers.oempro], and before what applies of its keys.
# 2. octeth-backupd check-config             lists everything that is wrong with this file
# 3. systemctl enable --now octeth-backupd   starts the daemon, now and with each boot
#    systemctl reload octeth-backupd         takes up a later change
#
# Every key is explained in octeth-backupd.toml(5).
"""
_WIDTH = 118


def example_file() -> str:
    """Return the text of ``etc/octeth-backupd/config.toml``."""
    return "\n".join([_HEAD, *_tables(Settings, ())]).rstrip("\n") + "\n"


def blank_file() -> str:
    """Return the configuration of a package that was just installed: the example, with no server set."""
    lines = (
        f"#{line}" if line.startswith("[servers.") or (line and line[0] not in "#[") else line
        for line in _tables(Settings, ())
    )
    return "\n".join([_BLANK_HEAD, *lines]).rstrip("\n") + "\n"


def default_text(field: FieldInfo) -> str:
    """Return a field's default as TOML writes it; empty where there is none."""
    default = field.get_default(call_default_factory=True, validated_data={})
    return "" if default is None or field.is_required() else _toml(default)


def _tables(model: type[BaseModel], prefix: tuple[str, ...]) -> Iterator[str]:
    for name, field in fields_of(model).items():
        path = (*prefix, name)
        if named := named_tables_of(field.annotation):
            yield from _table(named, (*path, NAME), field)
        elif table := table_of(field.annotation):
            yield from _table(table, path, field)


def _table(model: type[BaseModel], path: tuple[str, ...], field: FieldInfo) -> Iterator[str]:
    keys = [key for key in keys_of(model, path) if len(key.path) == len(path) + 1]
    if keys:
        yield from _comment(section_text(model, field))
        named = ".".join(_EXAMPLE_NAMES[path[0]] if part == NAME else part for part in path)
        yield f"[{named}]" if path[0] not in OPTIONAL else f"#[{named}]"
    for key in keys:
        yield from _lines(key)
    if keys:
        yield ""
    yield from _tables(model, path)


def section_text(model: type[BaseModel], field: FieldInfo) -> str:
    """Return what a table is about: the field's description, else the first paragraph of the model's docstring."""
    return field.description or " ".join((model.__doc__ or "").split("\n\n")[0].split())


def _lines(key: Key) -> Iterator[str]:
    dotted = ".".join(key.path)
    yield from _comment(f"{key.field.description or ''}{_limits(key.field)}")
    if dotted in ACTIVE:
        yield f"{key.path[-1]} = {_toml(ACTIVE[dotted])}"
        return
    suggested = _SUGGESTED.get(dotted)
    shown = _toml(suggested) if suggested is not None else default_text(key.field) or _placeholder(key.field)
    yield f"#{key.path[-1]} = {shown}"


def _comment(text: str) -> Iterator[str]:
    return (f"# {line}" for line in textwrap.wrap(text.strip(), _WIDTH, break_long_words=False, break_on_hyphens=False))


def _limits(field: FieldInfo) -> str:
    """Return what the default alone does not show: the choices or the range."""
    kind = kind_of(field)
    return f" ({kind[:1].upper()}{kind[1:]}.)" if re.search(r"\b(one of|from|at least|at most)\b", kind) else ""


def _placeholder(field: FieldInfo) -> str:
    if takes_list(field):
        return "[]"
    return '""' if is_secret(field) or "text" in kind_of(field) or "path" in kind_of(field) else "0"


def _toml(value: Any) -> str:
    match value:
        case bool():
            return str(value).lower()
        case ByteSize():
            return _toml(size_text(value))
        case SecretStr():
            return '""'
        case Path():
            return _toml(str(value))
        case dict():
            return f"{{{', '.join(f'{name} = {_toml(item)}' for name, item in value.items())}}}"
        case list() | tuple():
            return f"[{', '.join(_toml(item) for item in value)}]"
        case int() | float():
            return str(value)
        case _:
            return json.dumps(str(value), ensure_ascii=False)
