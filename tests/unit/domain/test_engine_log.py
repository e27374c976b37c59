"""Error lines are found in every engine's format, and words that only look like errors are not."""

from __future__ import annotations

import pytest

from octeth_backupd.domain.engine_log import MAXIMUM_ERROR_LINES, LogJudge, Severity, classify
from tests.unit.domain.sample import sample

ERRORS = [
    "2024-02-02T00:47:19.666924+08:00 0 [ERROR] [MY-011825] [Xtrabackup] log block numbers mismatch:",
    "2024-02-02T00:47:19.666924Z 0 [ERROR] [MY-012530] [InnoDB] Unknown redo log format (5)",
    "2026-11-22 11:10:24 0 [ERROR] InnoDB: Unsupported redo log format",
    "2026-11-22  1:10:24 0 [ERROR] InnoDB: hour padded with a space",
    "[00] FATAL ERROR: 2026-11-22 11:17:34 failed to copy datafile.",
    "[01] 2026-11-22 11:17:34 Error: cannot read redo log header",
    "mariadb-backup: Error writing file '/backup/x.ibd' (errno: 28 \"No space left on device\")",
    "mariadb-backup: Can't create file '/scratch/ext/extdb/e1.ibd' (errno: 17 \"File exists\")",
    "Error: missing required privilege RELOAD on *.*",
    "error: This incremental backup seems not to be proper for the target.",
    "210715 14:15:00 [ERROR] InnoDB: something",
    "xtrabackup: error: The transaction log file is corrupted.",
    "xtrabackup: Error: cannot open ./xtrabackup_checkpoints",
    "[00] 2026-11-22 11:17:34 mariabackup: error: log_copying_thread failed.",
    "InnoDB: Error: page 3 log sequence number is in the future!",
]

NO_ERRORS = [
    "2024-02-02T00:47:19.666924+08:00 2 [Note] [MY-011825] [Xtrabackup] Copying ./ibdata1 to /root/backup/ibdata1",
    "2024-02-02T00:47:19.666924+08:00 2 [Note] [MY-011825] [Xtrabackup] Error log is at /var/log/mysql/error.log",
    "240202 01:01:45  version_check Connecting to MySQL server with DSN 'dbi:mysql:;mysql_read_default_group=x'",
    "240202 01:01:45  version_check Failed to connect to MySQL server: DBI connect(';host=127.0.0.1') failed: error",
    "Failed to connect to MySQL server as DBD::mysql module is not installed at - line 1327.",
    "[01] 2026-11-22 11:10:25 Copying ./shop/error.ibd to /backup/shop/error.ibd",
    "[01] 2026-11-22 11:10:25 Copying ./error/errors.ibd to /backup/error/errors.ibd",
    "2026-11-22 11:10:24 0 [Note] InnoDB: Starting shutdown...",
    "mariabackup: Stopping log copying thread.",
    "210715 14:15:00 completed OK!",
    "recovered pages: 0% 18% 38% 72% 100% (0.0 seconds); tables to flush: 1 0",
    "xtrabackup version 8.4.0-1 based on MySQL server 8.4.0 Linux (x86_64) (revision id: 1)",
    "",
]


@pytest.mark.parametrize("line", ERRORS)
def test_error_line_is_found(line: str) -> None:
    assert classify(line) is Severity.ERROR


@pytest.mark.parametrize("line", NO_ERRORS)
def test_harmless_line_is_no_error(line: str) -> None:
    assert classify(line) is not Severity.ERROR


@pytest.mark.parametrize(
    ("line", "severity"),
    [
        ("2024-02-02T00:47:19.666924Z 0 [Warning] [MY-011825] [Xtrabackup] slow", Severity.WARNING),
        ("2026-11-22 11:10:24 0 [Note] InnoDB: Using io_uring", Severity.NOTE),
        ("xtrabackup: Warning: option 'datadir' has different values:", Severity.WARNING),
        ("[00] 2026-11-22 11:10:24 uses posix_fadvise().", Severity.OTHER),
    ],
)
def test_other_severities_are_told_apart(line: str, severity: Severity) -> None:
    assert classify(line) is severity


@pytest.mark.parametrize("name", ["mariadb_backup.log", "mariadb_prepare.log"])
def test_log_of_a_real_success_holds_no_error_and_completes(name: str) -> None:
    judge = LogJudge()

    for line in sample(name).splitlines():
        judge.feed(line)

    assert judge.error_lines == ()
    assert judge.completed_ok


def test_empty_lines_after_the_last_word_do_not_hide_it() -> None:
    judge = LogJudge()

    for line in ("[00] 2026-11-22 11:10:25 completed OK!", "", "   "):
        judge.feed(line)

    assert judge.completed_ok
    assert judge.last_line == "[00] 2026-11-22 11:10:25 completed OK!"


def test_success_that_is_not_the_last_word_is_none() -> None:
    judge = LogJudge()

    judge.feed("210715 14:15:00 completed OK!")
    judge.feed("terminate called without an active exception")

    assert not judge.completed_ok


def test_error_before_success_is_kept() -> None:
    judge = LogJudge()

    judge.feed(ERRORS[0])
    judge.feed("2024-02-02T00:47:20.000000Z 0 [Note] [MY-011825] [Xtrabackup] completed OK!")

    assert judge.completed_ok
    assert judge.error_lines == (ERRORS[0],)


def test_flood_of_errors_does_not_fill_memory() -> None:
    judge = LogJudge()

    for number in range(10 * MAXIMUM_ERROR_LINES):
        judge.feed(f"2026-11-22 11:10:24 0 [ERROR] InnoDB: number {number}")

    assert len(judge.error_lines) == MAXIMUM_ERROR_LINES
    assert judge.error_lines[0].endswith("number 0")


def test_log_without_a_word_claims_nothing() -> None:
    assert not LogJudge().completed_ok
