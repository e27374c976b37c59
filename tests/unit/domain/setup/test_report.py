"""What setup says."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

from octeth_backupd.domain.checks import CheckResult, CheckStatus
from octeth_backupd.domain.server import Placement, ServerPaths, Vendor
from octeth_backupd.domain.setup.candidates import Candidate
from octeth_backupd.domain.setup.report import all_hold, check_lines, due_lines, found_lines, server_lines
from tests.fakes.server_facts import make_facts


def test_servers_are_numbered_and_a_silent_docker_is_said() -> None:
    lines = list(
        found_lines([Candidate(placement=Placement.CONTAINER, target="db", version_text="8.0.36")], "no right")
    )

    assert lines == [
        "Servers on this host:",
        "  1. container db: version 8.0.36",
        "  Docker was not asked: no right",
    ]
    assert list(found_lines([], "")) == ["No MySQL or MariaDB server was found on this host."]


def test_server_is_described_by_vendor_size_and_places() -> None:
    facts = make_facts("10.11.8-MariaDB", vendor=Vendor.MARIADB)
    paths = ServerPaths(server={"data": PurePosixPath("/var/lib/mysql")}, host={"data": Path("/srv/data")})

    lines = list(server_lines(facts, paths, free_bytes=3 << 30, directory="/b"))

    assert lines == [
        "MariaDB 10.11.8-MariaDB, 0 B of data",
        "its data directory on this host: /srv/data",
        "backups go to /b: 3.0 GiB free there",
    ]
    assert "not visible from here" in "\n".join(server_lines(facts, None, free_bytes=0, directory="/b"))


def test_check_that_fails_comes_with_cause_fix_and_command() -> None:
    results = [
        CheckResult(name="login", status=CheckStatus.PASSED, summary="in", fix="never shown"),
        CheckResult(
            name="grants",
            status=CheckStatus.FAILED,
            summary="lacks X",
            cause="Why.",
            fix="Grant it.",
            command="GRANT\nX",
        ),
    ]

    assert list(check_lines(results)) == [
        "  ok      login: in",
        "  FAILED  grants: lacks X",
        "          Why.",
        "          Grant it.",
        "          $ GRANT",
        "          $ X",
    ]


def test_unknown_is_as_bad_as_failed_and_a_warning_is_not() -> None:
    def of(status: CheckStatus) -> bool:
        return all_hold([CheckResult(name="x", status=status, summary="")])

    assert [of(status) for status in CheckStatus] == [
        status in {CheckStatus.PASSED, CheckStatus.WARNING} for status in CheckStatus
    ]


def test_due_times_are_listed_and_none_is_said() -> None:
    lines = list(due_lines([(datetime(2026, 11, 27, 2, tzinfo=UTC), "daily")]))

    assert lines == ["Next due:", "  Friday 2026-11-27 02:00 UTC: daily"]
    assert "on demand only" in "\n".join(due_lines([]))


def test_found_servers_are_not_listed_before_the_question_that_lists_them() -> None:
    found = [Candidate(placement=Placement.CONTAINER, target="db", version_text="8.0.36")]

    assert list(found_lines(found, "", is_asked=True)) == ["Servers on this host:"]
