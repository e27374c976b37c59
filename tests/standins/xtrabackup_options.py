"""XtraBackup's command line: what it knows, and the refusal of everything else.

Source:
    percona-xtrabackup, storage/innobase/xtrabackup/src/xtrabackup.cc (the arrays xb_client_options and
    xb_server_options), 8.4 line.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_FLAGS: Final = _words(
    """
    backup prepare copy-back move-back decompress print-param version help no-defaults
    get-server-public-key incremental-force-scan page-tracking register-redo-log-consumer lock-ddl-per-table
    no-backup-locks no-lock slave-info safe-slave-backup galera-info estimate-memory no-server-version-check
    no-version-check check-privileges tables-compatibility-check rsync close-files strict apply-log-only
    rollback-prepared-trx export force-non-empty-directories generate-new-master-key remove-original
    generate-transition-key dump-innodb-buffer-pool innodb innodb-adaptive-hash-index innodb-checksums
    innodb-file-per-table innodb-use-native-aio innodb-log-checksums innodb-redo-log-encrypt
    innodb-undo-log-encrypt innodb-doublewrite
    """
)
_WITH_OPTIONAL_ARGUMENT: Final = _words("stream compress lock-ddl history transition-key")
_WITH_ARGUMENT: Final = _words(
    """
    decrypt defaults-file defaults-extra-file defaults-group login-path target-dir datadir tmpdir user password
    host port socket ssl-mode ssl-ca ssl-capath ssl-cert ssl-cipher ssl-key ssl-crl ssl-crlpath ssl-fips-mode
    tls-version tls-ciphersuites ssl-session-data tls-sni-servername server-public-key-path parallel fifo-streams
    fifo-dir fifo-timeout compress-threads compress-chunk-size compress-zstd-level encrypt encrypt-key
    encrypt-key-file encrypt-threads encrypt-chunk-size incremental-basedir incremental-lsn
    incremental-history-name incremental-history-uuid extra-lsndir throttle read-buffer-size log-copy-interval
    redo-log-arch-dir lock-ddl-timeout backup-lock-timeout backup-lock-retry-count ftwrl-wait-timeout
    ftwrl-wait-threshold ftwrl-wait-query-type kill-long-queries-timeout kill-long-query-type
    safe-slave-backup-timeout tables tables-file databases databases-file tables-exclude databases-exclude
    dump-innodb-buffer-pool-timeout dump-innodb-buffer-pool-pct open-files-limit rocksdb-checkpoint-max-age
    rocksdb-checkpoint-max-count server-id incremental-dir use-memory use-free-memory-pct innodb-force-recovery
    component-keyring-config xtrabackup-plugin-dir plugin-load log log-bin log-bin-index
    innodb-autoextend-increment innodb-buffer-pool-size innodb-data-file-path innodb-data-home-dir
    innodb-io-capacity innodb-read-io-threads innodb-write-io-threads innodb-flush-log-at-trx-commit
    innodb-flush-method innodb-log-buffer-size innodb-log-file-size innodb-log-files-in-group
    innodb-log-group-home-dir innodb-max-dirty-pages-pct innodb-open-files innodb-page-size
    innodb-log-block-size innodb-buffer-pool-filename innodb-checksum-algorithm innodb-undo-directory
    innodb-directories innodb-undo-tablespaces temp-tablespaces-dir rocksdb-datadir rocksdb-wal-dir
    """
)
_SHORT: Final = {
    "-u": "user",
    "-p": "password",
    "-H": "host",
    "-P": "port",
    "-S": "socket",
    "-h": "datadir",
    "-t": "tmpdir",
}
_MODES: Final = (
    *("backup", "prepare", "copy-back", "move-back", "decompress", "decrypt"),
    *("print-param", "version", "help"),
)
_GROUPS: Final = ("client", "xtrabackup")


class UsageError(Exception):
    """The command line is not one that XtraBackup takes."""


@dataclass(frozen=True, slots=True)
class Options:
    """A parsed command line; names as on the command line, without the dashes."""

    mode: str
    values: dict[str, str] = field(default_factory=dict)

    def text(self, name: str, default: str = "") -> str:
        """Return an option's argument."""
        return self.values.get(name, default)

    def has(self, name: str) -> bool:
        """Tell whether an option was given and not switched off."""
        return name in self.values and self.values[name] not in {"0", "OFF"}


def parse_command_line(arguments: Sequence[str]) -> Options:
    """Return the options; those of an option file come first, the command line's beat them.

    Raises:
        UsageError: An unknown option, a missing argument, no mode or several.
    """
    given = _parse_arguments(arguments)
    modes = [mode for mode in _MODES if mode in given]
    if len(modes) != 1:
        raise UsageError("exactly one of --backup, --prepare, --copy-back, --move-back, --decompress must be given")
    from_file: dict[str, str] = {}
    for name in ("defaults-file", "defaults-extra-file"):
        if name in given:
            from_file = read_option_file(Path(given[name]))
    return Options(mode=modes[0], values={**from_file, **given})


def read_option_file(path: Path) -> dict[str, str]:
    """Return the connection options of an option file's [client] and [xtrabackup] groups.

    Source:
        MySQL manual, "Using Option Files": quotes around a value, escapes, comments.

    Raises:
        UsageError: The file cannot be read.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise UsageError(f"Could not open required defaults file: {path} ({error.strerror})") from error
    options: dict[str, str] = {}
    group = ""
    for line in map(str.strip, lines):
        if line.startswith("["):
            group = line.strip("[]").strip()
        elif group in _GROUPS and line and line[0] not in "#;":
            name, _, value = line.partition("=")
            options[name.strip().replace("_", "-")] = _unquote(value.strip())
    return options


def _unquote(value: str) -> str:
    if len(value) >= 2 and value[0] in "\"'" and value.rfind(value[0]) > 0:
        value = value[1 : value.rfind(value[0])]
    else:
        value = value.partition("#")[0].rstrip()
    escapes = {"b": "\b", "t": "\t", "n": "\n", "r": "\r", "s": " ", "\\": "\\", '"': '"', "'": "'"}
    result, position = [], 0
    while position < len(value):
        following = value[position + 1 : position + 2]
        if value[position] == "\\" and following in escapes and following:
            result.append(escapes[following])
            position += 2
        else:
            result.append(value[position])
            position += 1
    return "".join(result)


def _parse_arguments(arguments: Sequence[str]) -> dict[str, str]:
    given: dict[str, str] = {}
    remaining = list(arguments)
    position = 0
    while remaining:
        position += 1
        argument = remaining.pop(0)
        name, separator, value = _split(argument)
        if name in {"defaults-file", "defaults-extra-file"} and (position > 1 or not separator):
            raise UsageError(f"--{name} must be the first option on the command line")
        if name in _WITH_ARGUMENT and not separator:
            if name == "password":
                raise UsageError("a password prompt needs a terminal")
            if not remaining:
                raise UsageError(f"option '{argument}' requires an argument")
            value = remaining.pop(0)
        given[name] = value
    return given


def _split(argument: str) -> tuple[str, str, str]:
    if argument[:2] in _SHORT and not argument.startswith("--"):
        return _SHORT[argument[:2]], "=" if argument[2:] else "", argument[2:]
    if not argument.startswith("--") or len(argument) == 2:
        raise UsageError(f"Too many arguments (first extra is '{argument}')")
    name, separator, value = argument[2:].partition("=")
    name = name.replace("_", "-")
    if name.startswith("skip-") and name[5:] in _FLAGS:
        return name[5:], "=", "0"
    if name not in _FLAGS | _WITH_ARGUMENT | _WITH_OPTIONAL_ARGUMENT:
        raise UsageError(f"unknown option '{argument.partition('=')[0]}'")
    return name, separator, value
