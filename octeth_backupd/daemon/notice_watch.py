"""Watches what people are to be told: runs as they begin and end, and each minute how everything stands.

Everything is decided from the catalog, and written there in one transaction with the list of the runs that were told: a
crash in between tells nothing twice, and nothing never. A thread of its own does it, so that no run waits for it.
"""

from __future__ import annotations

import json
import threading
import time
from typing import TYPE_CHECKING

import structlog

from octeth_backupd.domain.backup import Operation
from octeth_backupd.domain.events import Event, RunFinished, RunStarted
from octeth_backupd.domain.notices.decisions import decide
from octeth_backupd.domain.notices.endings import beginning_of, ending_of
from octeth_backupd.domain.notices.notice import redacted_notice
from octeth_backupd.domain.notices.problems import problems_of
from octeth_backupd.domain.notices.run_notice import RunTrace
from octeth_backupd.domain.notices.said import said_of_begin, said_of_end
from octeth_backupd.errors import BackupdError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from octeth_backupd.catalog.store import Catalog
    from octeth_backupd.daemon.run_traces import RunTraces
    from octeth_backupd.daemon.standing_facts import StandingFacts
    from octeth_backupd.domain.backup import Run
    from octeth_backupd.domain.notices.current import CurrentProblem
    from octeth_backupd.domain.notices.decisions import NotifierRules
    from octeth_backupd.domain.notices.endings import Ending
    from octeth_backupd.domain.notices.notice import Notice
    from octeth_backupd.domain.notices.settings import NoticesSettings
    from octeth_backupd.domain.notices.standing import Standing

_log = structlog.get_logger("notices")

TOLD_RUNS = "notices.told_runs"
LOOKED_AT = 100
"""So many ended runs are looked at for what was not told yet; no daemon ends more of them between two looks."""
REMEMBERED = 300
LOOK_EVERY_SECONDS = 60.0
LONGEST_LOOK_SECONDS = 900.0
"""A look that lasts longer hangs, and nobody is told of anything any more."""
STOP_SECONDS = 5.0


class NoticeWatch:
    """Decide what is told, and put it into the outbox.

    Args:
        facts: Gathers how everything stands.
        settings: Returns the limits in force.
        rules: Returns the notifiers in force.
        traces: What was seen of each run; it follows the bus before this does.
        redact: Masks every secret of the configuration in force.
        put: Called when something was put into the outbox.
    """

    def __init__(
        self,
        *,
        catalog: Catalog,
        facts: StandingFacts,
        settings: Callable[[], NoticesSettings],
        rules: Callable[[], tuple[NotifierRules, ...]],
        traces: RunTraces,
        redact: Callable[[str], str],
        put: Callable[[], None] = lambda: None,
    ) -> None:
        self._catalog = catalog
        self._facts = facts
        self._settings = settings
        self._rules = rules
        self._run_traces = traces
        self._traces: dict[str, RunTrace] = {}
        self._redact = redact
        self._put = put
        self._begun: list[Run] = []
        self._lock = threading.Lock()
        self._looking = threading.Lock()
        self._wake = threading.Event()
        self._stopping = False
        self._look_began_seconds: float | None = None
        self._problems: tuple[CurrentProblem, ...] = ()
        self._thread: threading.Thread | None = None

    @property
    def problems(self) -> tuple[CurrentProblem, ...]:
        """Return the problems there were at the last look."""
        return self._problems

    def follow(self, event: Event) -> None:
        """Take an event of the bus: look soon."""
        match event:
            case RunStarted(run=run):
                with self._lock:
                    self._begun.append(run)
                self._wake.set()
            case RunFinished(run=run):
                self._keep_trace(run)
                self._wake.set()
            case _:
                pass

    def start(self) -> None:
        """Look now, and from now on each minute and at each begin and end of a run."""
        self._thread = threading.Thread(target=self._watch, name="notice-watch", daemon=True)
        self._thread.start()

    def is_alive(self) -> bool:
        """Return whether the thread does its work, and does not hang in a look."""
        began_seconds = self._look_began_seconds
        is_hanging = began_seconds is not None and time.monotonic() - began_seconds > LONGEST_LOOK_SECONDS
        return self._thread is not None and self._thread.is_alive() and not is_hanging

    def wake(self) -> None:
        """Look soon: the configuration has changed."""
        self._wake.set()

    def stop(self) -> None:
        """Look for the last time; what a hanging file system keeps from it is told after the next start."""
        self._stopping = True
        self._wake.set()
        if self._thread is not None:
            self._thread.join(STOP_SECONDS)

    def look(self) -> None:
        """Decide what is to be told now; what fails is logged and decided at the next look."""
        with self._looking:
            begun = self._taken()
            self._look_began_seconds = time.monotonic()
            try:
                self._look(begun)
            except BackupdError as exc:
                with self._lock:
                    self._begun[:0] = begun
                _log.error("notices.look_failed", error=exc.message, hint=exc.hint)
            finally:
                self._look_began_seconds = None

    def _watch(self) -> None:
        while True:
            try:
                self.look()
            except Exception:  # noqa: BLE001 - whatever it is, tomorrow's failure must be told
                _log.exception("notices.look_failed")
            if self._stopping and not self._wake.is_set():
                return
            self._wake.wait(LOOK_EVERY_SECONDS)
            self._wake.clear()

    def _taken(self) -> list[Run]:
        with self._lock:
            begun, self._begun = self._begun, []
        return begun

    def _look(self, begun: list[Run]) -> None:
        rules = self._rules()
        while True:
            ended, remember = self._untold()
            standing = self._facts.gather(one.name for one in rules)
            if self._untold() == (ended, remember):  # otherwise a run ended in between: it is in half of what was read
                break
        current = problems_of(standing, self._settings())
        decision = decide(
            now=standing.now,
            stored=self._catalog.notices.open_problems(),
            last_told=self._catalog.notices.last_told(),
            current=current,
            endings=self._endings(begun, ended, standing, current),
            rules=rules,
            gone_servers=frozenset(server.name for server in standing.servers if not server.is_configured),
        )
        if not decision.is_empty or remember:
            self._catalog.notices.tell(
                at=standing.now,
                begun=decision.begun,
                told=decision.told,
                ended=decision.ended,
                notices=[(name, redacted_notice(notice, self._redact)) for name, notice in decision.notices],
                remember=remember,
            )
        self._problems = current
        with self._lock:
            for run in ended:
                self._traces.pop(run.run_id, None)
        for name, notice in decision.notices:
            _log.info("notice.decided", notifier=name, kind=notice.kind, title=notice.title, server=notice.server)
        if decision.notices:
            self._put()

    def _untold(self) -> tuple[list[Run], dict[str, str]]:
        """Return the runs that ended and were not told yet, and what is to be remembered when they are.

        Before anything was ever told, what has ended is history.
        """
        ended = self._catalog.standing.ended_runs(limit=LOOKED_AT)[::-1]
        text = self._catalog.meta(TOLD_RUNS)
        told = [] if text is None else json.loads(text)
        known = frozenset(told)
        untold = [run for run in ended if run.run_id not in known]
        if text is not None and not untold:
            return [], {}
        remembered = [*told, *(run.run_id for run in untold)][-REMEMBERED:]
        return ([] if text is None else untold), {TOLD_RUNS: json.dumps(remembered)}

    def _endings(
        self, begun: Iterable[Run], ended: Iterable[Run], standing: Standing, current: Iterable[CurrentProblem]
    ) -> list[Ending]:
        by_key = {problem.key: problem for problem in current}
        told = [(run.started_at, beginning_of(run, said_of_begin(run))) for run in begun]
        told += [(run.finished_at, ending_of(run, self._said_of(run), standing, by_key)) for run in ended]
        in_order = sorted(told, key=lambda one: one[0] or standing.now)
        return [ending for _, ending in in_order if ending is not None]

    def _keep_trace(self, run: Run) -> RunTrace:
        """Return what was seen of a run that is over, and keep it until the run was told."""
        with self._lock:
            trace = self._traces.get(run.run_id) or self._run_traces.take(run.run_id)
            if run.operation is not Operation.UPLOAD and trace != RunTrace():
                self._traces[run.run_id] = trace
        return trace

    def _said_of(self, run: Run) -> Notice:
        trace = self._keep_trace(run)
        if not trace.step:  # it ended before this daemon began
            trace = RunTrace(step=run.step or self._catalog.standing.last_step(run.run_id))
        made = run.operation is Operation.BACKUP and run.backup_id and run.status.made_good_backup
        return said_of_end(run, trace=trace, backup=self._catalog.backup(run.backup_id or "") if made else None)
