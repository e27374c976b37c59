"""Which options of an engine the configuration may add, and which would break what the daemon relies on."""

from __future__ import annotations

import re

_OPTION = re.compile(r"--(?P<name>[A-Za-z][A-Za-z0-9_-]*)(?:=(?P<value>.*))?", re.DOTALL)
# Prefixes that the option parser of MySQL takes off, in any number.
_MODIFIERS = ("loose-", "skip-", "enable-", "disable-", "maximum-")

_FORBIDDEN: dict[str, tuple[str, ...]] = {
    "chooses what is done": (
        "backup", "prepare", "copy-back", "move-back", "apply-log-only", "export", "stats", "print-param",
        "print-defaults", "help", "version", "rollback-prepared-trx", "innodb-force-recovery",
    ),
    "changes where the backup goes": (
        "target-dir", "extra-lsndir", "history", "redo-log-arch-dir", "force-non-empty-directories",
    ),
    "changes the format": (
        "stream", "compress", "compress-threads", "compress-chunk-size", "compress-zstd-level", "decompress",
        "decrypt", "encrypt", "encrypt-key", "encrypt-key-file", "encrypt-threads", "encrypt-chunk-size",
        "remove-original", "fifo-streams", "fifo-dir", "fifo-timeout",
    ),
    "makes an incremental backup": (
        "incremental", "incremental-basedir", "incremental-dir", "incremental-lsn", "incremental-force-scan",
        "incremental-history-name", "incremental-history-uuid", "page-tracking",
    ),
    "leaves data out": (
        "tables", "tables-file", "tables-exclude", "databases", "databases-file", "databases-exclude",
        "skip-encrypted-backup", "skip-rocksdb-backup", "rocksdb-backup", "binlog-info",
    ),
    "takes away what keeps the backup consistent": (
        "no-lock", "no-backup-locks", "lock-ddl-per-table", "no-server-version-check", "log-innodb-page-corruption",
    ),
    "says how to log in": (
        "user", "password", "host", "port", "socket", "protocol", "login-path", "defaults-file",
        "defaults-extra-file", "defaults-group", "defaults-group-suffix", "no-defaults", "no-login-paths",
    ),
    "says where the server's files are": (
        "datadir", "log-bin", "log-bin-index", "innodb-data-home-dir", "innodb-data-file-path",
        "innodb-log-group-home-dir", "innodb-undo-directory", "innodb-directories", "aria-log-dir-path",
        "rocksdb-datadir", "rocksdb-wal-dir",
    ),
}  # fmt: skip
_LOCK_DDL = "lock-ddl"
_LOCK_DDL_VALUES = frozenset({"", "on", "reduced"})


def option_problem(option: str) -> str | None:
    """Return why an option may not be added, or None when it may.

    The engines' parser takes ``_`` for ``-``, unambiguous abbreviations, and modifiers such as ``--loose-``; none of
    them gets a forbidden option past this.

    Args:
        option: As in the configuration, such as ``--throttle=40``.
    """
    match = _OPTION.fullmatch(option)
    if match is None:
        return f"{option!r} is no long option; write --name or --name=value, one option each"
    written = match["name"].lower().replace("_", "-")
    name = _without_modifiers(written)
    if name == _LOCK_DDL:
        if written == name and (match["value"] or "").lower() in _LOCK_DDL_VALUES:
            return None
        return f"--{match['name']} is not allowed: without the backup lock a backup may be inconsistent"
    for reason, forbidden in _FORBIDDEN.items():
        for known in forbidden:
            if known.startswith((name, written)):
                return f"--{match['name']} is not allowed: it {reason} (--{known}), which is the daemon's business"
    return None


def check_extra_options(options: tuple[str, ...]) -> tuple[str, ...]:
    """Return the options when all may be added.

    Raises:
        ValueError: One may not; for pydantic, which says where it stands.
    """
    problems = [problem for option in options if (problem := option_problem(option)) is not None]
    if problems:
        raise ValueError("; ".join(problems))
    return options


def _without_modifiers(name: str) -> str:
    while True:
        shorter = next((name.removeprefix(modifier) for modifier in _MODIFIERS if name.startswith(modifier)), name)
        if shorter == name:
            return name
        name = shorter
