"""Lines of cron."""

from __future__ import annotations

import pytest

from octeth_backupd.domain.legacy.crontab import CronPurpose, find_cron_lines, without_lines

BIN = "/opt/octeth-backup-tools/bin"
CRONTAB = f"""\
# m h dom mon dow command, octeth-backup.sh is below
MAILTO=root
0 2 * * * {BIN}/octeth-backup.sh >> /var/log/octeth-backup.log 2>&1
30\t2 * * *  {BIN}/octeth-cleanup.sh >> /var/log/octeth-backup.log 2>&1
0 3 * * * {BIN}/octeth-ch-backup.sh >> /var/log/octeth-ch-backup.log 2>&1
#0 4 * * * {BIN}/octeth-backup.sh
5 5 * * * /usr/bin/my-octeth-backup.sh
@daily {BIN}/octeth-backup.sh
@reboot {BIN}/octeth-backup.sh
0 6 * * * {BIN}/octeth-backup.sh; {BIN}/octeth-ch-backup.sh
"""


def test_lines_of_the_tool_are_found_and_no_others() -> None:
    found = [(line.number, line.expression, line.purpose) for line in find_cron_lines(CRONTAB, place="crontab of root")]

    assert found == [
        (3, "0 2 * * *", CronPurpose.BACKUP),
        (4, "30 2 * * *", CronPurpose.CLEANUP),
        (5, "0 3 * * *", CronPurpose.CLICKHOUSE),
        (8, "0 0 * * *", CronPurpose.BACKUP),
        (9, "", CronPurpose.BACKUP),
        (10, "0 6 * * *", CronPurpose.MIXED),
    ]


def test_user_before_the_command_does_no_harm() -> None:
    [line] = find_cron_lines(f"0 2 * * * root {BIN}/octeth-backup.sh\n", place="/etc/cron.d/octeth")

    assert (line.expression, line.purpose) == ("0 2 * * *", CronPurpose.BACKUP)


@pytest.mark.parametrize(
    "command",
    [
        "{tool}",
        "root {tool} >> /var/log/octeth-backup.log 2>&1",
        "{tool} &> /dev/null",
        "{tool} >/dev/null 2>&1 &",
        "cd /opt/tools && ./octeth-backup.sh >log 2>&1",
        "root cd /opt/tools; ./octeth-backup.sh",
        "(cd '/opt/my tools' && ./octeth-backup.sh)",
        "[ -x {tool} ] && {tool}",
        "{tool}; /opt/octeth-backup-tools/bin/octeth-cleanup.sh",
        "{tool} || true",
        "nice -n 10 bash -c '{tool}'",
    ],
)
def test_line_that_starts_the_tool_alone_may_be_removed(command: str) -> None:
    [line] = find_cron_lines(f"0 2 * * * {command.format(tool=f'{BIN}/octeth-backup.sh')}", place="x")

    assert line.is_removable


@pytest.mark.parametrize(
    "command",
    [
        "{tool} && rsync -a /var/backups nas:/backups",
        "{tool}; /usr/local/bin/ping-monitor",
        "{tool} 2>&1 | mail -s backup admin@example.com",
        "{tool} || /usr/local/bin/alarm",
        "{tool} & /usr/local/bin/other",
        "/usr/bin/mysqldump oempro > /x.sql && {tool}",
        "bash -c '{tool}; reboot'",
        "cd /opt/tools && make clean && {tool}",
        "{tool}; octeth-ch-backup.sh",
    ],
)
def test_line_that_does_more_is_never_removed_and_still_tells_when(command: str) -> None:
    [line] = find_cron_lines(f"0 2 * * * {command.format(tool=f'{BIN}/octeth-backup.sh')}", place="x")

    assert not line.is_removable
    assert line.expression == "0 2 * * *"


@pytest.mark.parametrize(
    ("crontab", "numbers", "left"),
    [
        (b"a\nb\nc\n", {2}, b"a\nc\n"),
        (b"a\r\nb\nc\xff\n", {2}, b"a\r\nc\xff\n"),
        (b"a\nb", {2}, b"a\n"),
        (b"a\nb", {1}, b"b"),
        (b"a", {1}, b""),
        (b"\n\na\n\n", {3}, b"\n\n\n"),
        (b"a\n", set(), b"a\n"),
    ],
)
def test_other_lines_stay_byte_for_byte(crontab: bytes, numbers: set[int], left: bytes) -> None:
    assert without_lines(crontab, numbers) == left
