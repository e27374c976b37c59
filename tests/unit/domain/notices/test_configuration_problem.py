"""A configuration file with which the daemon would not start again."""

from __future__ import annotations

import pytest

from octeth_backupd.domain.notices.notice import NoticeKind, Severity
from octeth_backupd.domain.notices.problems import problems_of
from octeth_backupd.domain.notices.settings import NoticesSettings
from octeth_backupd.domain.notices.standing import BrokenFile
from tests.fakes.catalog_values import START
from tests.fakes.standing import standing


@pytest.mark.parametrize(
    ("was_refused", "title"),
    [
        (False, "the configuration file has mistakes: the next start would fail"),
        (True, "the configuration file has mistakes: a reload was refused, and the next start would fail"),
    ],
)
def test_it_reaches_those_who_want_failures_with_the_mistake_and_how_to_check(*, was_refused: bool, title: str) -> None:
    file = BrokenFile(path="/etc/x.toml", since=START, mistake="servers.oempro: bad", was_refused=was_refused)

    (problem,) = problems_of(standing(broken_file=file), NoticesSettings())

    assert (problem.key, problem.kind, problem.severity) == ("configuration:file", NoticeKind.FAILURE, Severity.ERROR)
    assert (problem.title, problem.server, problem.since) == (title, "", START)
    assert "servers.oempro: bad" in problem.text.lower()
    assert problem.command == "octeth-backupd check-config --config /etc/x.toml"
