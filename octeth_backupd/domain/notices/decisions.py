"""What is told to whom, and what becomes of the problems: one notice for one problem, and one when it ends."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from octeth_backupd.domain.backup import Operation
from octeth_backupd.domain.notices.current import subject_of
from octeth_backupd.domain.notices.notice import Notice, NoticeKind, Severity
from octeth_backupd.domain.notices.overdue import REMOVED
from octeth_backupd.domain.notices.problem import Problem
from octeth_backupd.domain.notices.words import duration_words, moment_words, sentence
from octeth_backupd.domain.timestamps import utc_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from octeth_backupd.domain.notices.current import CurrentProblem
    from octeth_backupd.domain.notices.endings import Ending

CLOCK_MARGIN = timedelta(hours=1)
_WORTH_SAYING_SECONDS = 60
_OF_RUNS = frozenset({NoticeKind.FAILURE, NoticeKind.DEGRADED})


@dataclass(frozen=True, slots=True, kw_only=True)
class NotifierRules:
    """What a notifier is told.

    Attributes:
        on: Of which kinds.
        servers: Of which servers, beside what is about none; empty: of all.
        repeat_seconds: After how long a problem that lasts is told again; 0: never.
        is_ping: It is told the begin and end of every backup run, be the problem known or not, and nothing of other
            runs: a dead-man switch knows no problems, only whether backups come.
    """

    name: str
    on: frozenset[NoticeKind]
    servers: frozenset[str] = frozenset()
    repeat_seconds: float = 86400.0
    is_ping: bool = False

    def wants(self, kind: NoticeKind, server: str) -> bool:
        """Return whether it is told of a kind, of a server."""
        return kind in self.on and (not self.servers or not server or server in self.servers)


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What is to be written down, all at once.

    Attributes:
        told: Keys of the problems that are told now, each with its title.
        ended: Keys of the problems that are over.
        notices: (notifier, notice) in the order in which they are sent.
    """

    begun: tuple[Problem, ...] = ()
    told: Mapping[str, str] = field(default_factory=dict)
    ended: tuple[str, ...] = ()
    notices: tuple[tuple[str, Notice], ...] = ()

    @property
    def is_empty(self) -> bool:
        """Return whether nothing has changed, and nobody is told anything."""
        return not (self.begun or self.told or self.ended or self.notices)


def decide(
    *,
    now: datetime,
    stored: Iterable[Problem],
    last_told: Mapping[tuple[str, str], datetime],
    current: Sequence[CurrentProblem],
    endings: Sequence[Ending],
    rules: Sequence[NotifierRules],
    gone_servers: frozenset[str] = frozenset(),
) -> Decision:
    """Decide what is told.

    Args:
        now: The current time.
        stored: Problems that are open as the catalog keeps them.
        last_told: When each notifier was last told of each open problem, by (problem, notifier).
        current: Problems that there are now, the causes before what follows from them.
        endings: Runs that began or ended since the last decision, oldest first.
        rules: The notifiers.
        gone_servers: Servers that are not in the configuration any more: of what is over with them nothing is said.
    """
    opened = {problem.key: problem for problem in stored}
    telling = _Telling(
        now=now,
        last_told=dict(last_told),
        rules=tuple(rules),
        opened=opened,
        current={problem.key: problem for problem in current},
    )
    for ending in endings:
        telling.tell_ending(ending)
    for problem in current:
        telling.tell_problem(problem)
    ended = [key for key in opened if key not in telling.current]
    subjects = {problem.subject for problem in current}
    for key in ended:
        is_replaced = subject_of(key) in subjects
        if not (is_replaced or opened[key].server in gone_servers or _ends_silently(key)):
            telling.tell_end(opened[key])
    return Decision(
        begun=tuple(_stored(problem, now) for problem in current if problem.key not in opened),
        told={key: telling.current[key].title for key in telling.told if key in telling.current},
        ended=tuple(ended),
        notices=tuple(telling.notices),
    )


@dataclass(slots=True, kw_only=True)
class _Telling:
    """Who was told what, while it is being decided."""

    now: datetime
    last_told: dict[tuple[str, str], datetime]
    rules: tuple[NotifierRules, ...]
    opened: dict[str, Problem]
    current: dict[str, CurrentProblem]
    told: set[str] = field(default_factory=set)
    notices: list[tuple[str, Notice]] = field(default_factory=list)

    def tell_ending(self, ending: Ending) -> None:
        for rules in self.rules:
            if rules.is_ping and ending.operation is not Operation.BACKUP:
                continue
            notice = self._choice(ending, rules)
            if notice is not None:
                self._send(rules, notice, ending.concerns, ends=ending.ends)

    def tell_problem(self, problem: CurrentProblem) -> None:
        for rules in self.rules:
            is_wanted = rules.wants(problem.kind, problem.server) and problem.notifier != rules.name
            if not is_wanted or self._is_covered(problem, rules) or (rules.is_ping and problem.kind in _OF_RUNS):
                continue
            told_at = self.last_told.get((problem.key, rules.name))
            if told_at is None or (problem.is_repeated and self._is_due(told_at, rules)):
                self._send(rules, _problem_notice(problem, self.now, told_at), frozenset({problem.key}))

    def tell_end(self, problem: Problem) -> None:
        kind = NoticeKind.RECOVERY if problem.kind in _OF_RUNS else problem.kind
        for rules in self.rules:
            if rules.wants(kind, problem.server) and not rules.is_ping and (problem.key, rules.name) in self.last_told:
                self._send(rules, _end_notice(problem, kind, self.now), frozenset())

    def _choice(self, ending: Ending, rules: NotifierRules) -> Notice | None:
        """Return what a notifier is told of an ending; of a problem that it knows, nothing but its end."""
        wanted = [notice for notice in ending.choices if rules.wants(notice.kind, notice.server)]
        if rules.is_ping:
            return next(iter(wanted), None)
        is_known = False
        for notice in wanted:
            if notice.is_end:
                if self._wants_end(ending.ends, rules):
                    return notice
            elif notice.problem and self._is_known(notice.problem, rules):
                is_known = True
            elif not is_known:
                return notice
        return None

    def _wants_end(self, ends: frozenset[str], rules: NotifierRules) -> bool:
        """Return whether a notifier knows of one of the problems that are over, or is told of ends alone."""
        if any((key, rules.name) in self.last_told for key in ends):
            return True
        return not any(self.opened[key].kind in rules.on for key in ends if key in self.opened)

    def _is_known(self, key: str, rules: NotifierRules) -> bool:
        told_at = self.last_told.get((key, rules.name))
        return told_at is not None and not self._is_due(told_at, rules)

    def _is_covered(self, problem: CurrentProblem, rules: NotifierRules) -> bool:
        covering = (self.current[key] for key in problem.covered_by if key in self.current)
        return any(one.kind in rules.on for one in covering)

    def _is_due(self, told_at: datetime, rules: NotifierRules) -> bool:
        if not rules.repeat_seconds:
            return False
        elapsed = self.now - told_at
        # What was told later than now was told by a clock that was ahead, and may have been long ago.
        return elapsed >= timedelta(seconds=rules.repeat_seconds) or elapsed < -CLOCK_MARGIN

    def _send(
        self, rules: NotifierRules, notice: Notice, concerns: frozenset[str], *, ends: frozenset[str] = frozenset()
    ) -> None:
        told = self._with_replaced(notice)
        if not (notice.is_end or rules.is_ping):
            told = self._with_ended(told, frozenset(key for key in ends if (key, rules.name) in self.last_told))
        self.notices.append((rules.name, told))
        for key in ends:  # said by this notice: nobody is told of the end twice
            self.last_told.pop((key, rules.name), None)
        for key in concerns:
            self.last_told[key, rules.name] = self.now
            self.told.add(key)

    def _with_replaced(self, notice: Notice) -> Notice:
        """Return a notice that names the problems that its own follows: of their end nobody is told."""
        if notice.is_end or notice.problem not in self.current or notice.problem in self.opened:
            return notice
        subject = subject_of(notice.problem)
        replaced = sorted(key for key in self.opened if key not in self.current and subject_of(key) == subject)
        return replace(notice, facts=(*notice.facts, ("replaces", ", ".join(replaced)))) if replaced else notice

    def _with_ended(self, notice: Notice, ended: frozenset[str]) -> Notice:
        """Return a notice about something else that says which problems are over with its run."""
        replaced = notice.fact("replaces").split(", ")
        over = sorted(key for key in ended if key in self.opened and key not in replaced)
        if not over:
            return notice
        said = sentence("this is over: " + "; ".join(self.opened[key].title for key in over))
        return replace(notice, text=f"{notice.text}\n{said}", facts=(*notice.facts, ("ends", ", ".join(over))))


def _ends_silently(key: str) -> bool:
    """Return whether nothing is right again when a problem ends: what was missed stays so, what was meant is meant."""
    return key.startswith("missed:") or key.endswith(f"/{REMOVED}")


def _stored(problem: CurrentProblem, now: datetime) -> Problem:
    return Problem(key=problem.key, server=problem.server, kind=problem.kind, title=problem.title, began_at=now)


def _problem_notice(problem: CurrentProblem, now: datetime, told_at: datetime | None) -> Notice:
    lasts = "" if told_at is None else f"Still so, since {moment_words(min(problem.since, now))}.\n"
    return Notice(
        notice_id=f"{problem.key}@{utc_text(now)}",
        kind=problem.kind,
        severity=problem.severity,
        server=problem.server,
        problem=problem.key,
        title=problem.title if told_at is None else f"still: {problem.title}",
        text=f"{lasts}{problem.text}",
        at=now,
        facts=problem.facts,
    )


def _end_notice(problem: Problem, kind: NoticeKind, now: datetime) -> Notice:
    lasted_seconds = (now - problem.began_at).total_seconds()
    told = f"this was found on {moment_words(problem.began_at)} and is not so any more"
    lasted = f", {duration_words(lasted_seconds)} later" if lasted_seconds >= _WORTH_SAYING_SECONDS else ""
    return Notice(
        notice_id=f"{problem.key}@{utc_text(now)}",
        kind=kind,
        severity=Severity.INFO,
        server=problem.server,
        problem=problem.key,
        is_end=True,
        title=f"over: {problem.title}",
        text=sentence(told + lasted),
        at=now,
    )
