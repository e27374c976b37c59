"""engines.extra_options."""

from __future__ import annotations

import pytest

from octeth_backupd.engines.extra_options import check_extra_options, option_problem


@pytest.mark.parametrize(
    "option",
    [
        "--throttle=40",
        "--read-buffer-size=20M",
        "--safe-slave-backup",
        "--lock-ddl=REDUCED",
        "--lock_ddl=reduced",
        "--lock-ddl",
        "--lock-ddl-timeout=60",
        "--slave-info",
        "--tables-compatibility-check",
        "--kill-long-queries-timeout=20",
        "--rsync",
    ],
)
def test_harmless_option_may_be_added(option: str) -> None:
    assert option_problem(option) is None


@pytest.mark.parametrize(
    ("option", "reason"),
    [
        ("--target-dir=/elsewhere", "where the backup goes"),
        ("--target_dir=/elsewhere", "where the backup goes"),
        ("--TARGET-DIR=/elsewhere", "where the backup goes"),
        ("--target-d=/elsewhere", "where the backup goes"),
        ("--loose-target-dir=/elsewhere", "where the backup goes"),
        ("--stream=xbstream", "the format"),
        ("--compress", "the format"),
        ("--encrypt=AES256", "the format"),
        ("--password=x", "how to log in"),
        ("--user=x", "how to log in"),
        ("--defaults-file=/x", "how to log in"),
        ("--no-defaults", "how to log in"),
        ("--socket=/x", "how to log in"),
        ("--datadir=/x", "where the server's files are"),
        ("--prepare", "what is done"),
        ("--copy-back", "what is done"),
        ("--incremental-lsn=1", "incremental"),
        ("--databases=a", "leaves data out"),
        ("--skip-rocksdb-backup", "leaves data out"),
        ("--rocksdb-backup=0", "leaves data out"),
        ("--no-lock", "consistent"),
        ("--lock-ddl=OFF", "backup lock"),
        ("--lock-ddl=0", "backup lock"),
        ("--skip-lock-ddl", "backup lock"),
        ("--disable-lock-ddl", "backup lock"),
        ("--lock-ddl-per-table", "consistent"),
        ("--loose-", "not allowed"),
        ("-p", "no long option"),
        ("-uroot", "no long option"),
        ("/elsewhere", "no long option"),
        ("--throttle 40 --prepare", "no long option"),
        ("", "no long option"),
    ],
)
def test_option_that_breaks_what_the_daemon_relies_on_is_refused(option: str, reason: str) -> None:
    assert reason in (option_problem(option) or "")


def test_all_problems_are_named_at_once() -> None:
    with pytest.raises(ValueError, match=r"--stream is not allowed.*; .*--prepare is not allowed"):
        check_extra_options(("--stream=x", "--throttle=1", "--prepare"))


def test_good_options_come_back_in_their_order() -> None:
    assert check_extra_options(("--throttle=1", "--rsync")) == ("--throttle=1", "--rsync")
