"""A year of one server, retention applied daily: at every moment there is what a person would expect of the counts.

What a person expects is written down from the history of successes alone, with a calendar and without the planner. The
timeline is printed (``pytest -rP``) and written to the file that RETENTION_TIMELINE names.
"""

from __future__ import annotations

import os
import random
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from octeth_backupd.domain.holdings import ProofLevel
from octeth_backupd.domain.retention.periods import period_rules
from octeth_backupd.domain.retention.policy import Counts, RetentionPolicy
from tests.unit.domain.retention.world import LOCAL, REMOTE, World

BERLIN = ZoneInfo("Europe/Berlin")
BEGIN = datetime(2026, 1, 1, 12, tzinfo=BERLIN)
DAYS = 365
LOCAL_COUNTS, REMOTE_COUNTS = Counts(daily=7, weekly=4, monthly=6), Counts(daily=14, weekly=8, monthly=12)
POLICY = RetentionPolicy(
    counts={LOCAL: LOCAL_COUNTS, REMOTE: REMOTE_COUNTS},
    keep_manual_days=7,
    periods=period_rules(timezone="Europe/Berlin", weekly="0 2 * * sun", monthly="0 2 1 * *"),
)


class History:
    """What a person wrote down: when a good backup was made, and which were made by hand."""

    def __init__(self) -> None:
        self.good: dict[str, datetime] = {}
        self.by_hand: set[str] = set()

    def expected(self, counts: Counts, now: datetime) -> set[str]:
        """Return the backups that must be there: 7/4/6, a week of what was made by hand, the newest."""
        by_day: dict[date, str] = {}
        by_week: dict[date, str] = {}
        by_month: dict[tuple[int, int], str] = {}
        for backup_id, moment in sorted(self.good.items(), key=lambda one: one[1]):
            day = moment.astimezone(BERLIN).date()
            sunday = day
            while sunday.strftime("%a") != "Sun":
                sunday -= timedelta(days=1)
            by_day.setdefault(day, backup_id)
            by_week.setdefault(sunday, backup_id)
            by_month.setdefault((day.year, day.month), backup_id)
        wanted = {by_day[day] for day in sorted(by_day)[-counts.daily :]}
        wanted |= {by_week[week] for week in sorted(by_week)[-counts.weekly :]}
        wanted |= {by_month[month] for month in sorted(by_month)[-counts.monthly :]}
        wanted |= {one for one in self.by_hand if now - self.good[one] < timedelta(days=7)}
        return wanted | ({max(self.good, key=lambda one: self.good[one])} if self.good else set())


class Year:
    """The year as it goes, and what is told of it."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.world = World(BEGIN.astimezone(UTC), POLICY)
        self.history = History()
        self.lines: list[str] = []
        self.moments = 0

    def run(self) -> None:
        """Live through it, day by day."""
        off_until = BEGIN.date()
        for number in range(DAYS):
            day = BEGIN.date() + timedelta(days=number)
            if day < off_until:
                continue
            if self.chance.random() < 0.01:
                off_until = day + timedelta(days=self.chance.randint(2, 12))
                self._at(day, 1)
                self._tell(f"the machine is off until {off_until}")
                continue
            self._storage(day)
            self._night(day)
            self._retention(day)
            self._afternoon(day)
            if day.day == 1 or number == DAYS - 1:
                self._tell_what_is_there()

    def _at(self, day: date, hour: int, minute: int = 0) -> None:
        moment = datetime(day.year, day.month, day.day, hour, minute, tzinfo=BERLIN)
        self.world.now = moment.astimezone(UTC)

    def _storage(self, day: date) -> None:
        self._at(day, 0, 30)
        was_up = self.world.remote_is_up
        self.world.remote_is_up = self.chance.random() > (0.03 if was_up else 0.4)
        if was_up != self.world.remote_is_up:
            self._tell(f"{REMOTE} is {'back' if self.world.remote_is_up else 'down'}")

    def _night(self, day: date) -> None:
        self._at(day, 2)
        lot = self.chance.random()
        if lot < 0.12:
            self._tell("backup failed")
        elif lot < 0.14 and self.history.good:
            made = self.world.backup(suspect="half the size of the last one")
            self._tell(f"backup {_name(made.taken_at)} is doubted: a hold begins")
        else:
            proof = ProofLevel.STARTED if self.chance.random() < 0.05 else ProofLevel.STORED
            made = self.world.backup(proof=proof)
            self.history.good[made.backup_id] = made.taken_at
            if proof is ProofLevel.STARTED:
                self._tell(f"backup {_name(made.taken_at)} was started in a test")
        self._check()

    def _retention(self, day: date) -> None:
        self._at(day, 4, 30)
        self.world.upload()
        gone = self.world.apply()
        if gone:
            by_storage = {
                storage: " ".join(_name(one.taken_at) for one in gone if one.storage == storage)
                for storage in (LOCAL, REMOTE)
            }
            self._tell("expired " + "; ".join(f"{storage}: {names}" for storage, names in by_storage.items() if names))
        self._check()

    def _afternoon(self, day: date) -> None:
        self._at(day, self.chance.randint(8, 22), self.chance.randint(0, 59))
        if self.chance.random() < 0.05:
            made = self.world.backup(is_manual=True)
            self.history.good[made.backup_id] = made.taken_at
            self.history.by_hand.add(made.backup_id)
            self._tell(f"backup by hand {_name(made.taken_at)}")
        if self.world.holds and self.chance.random() < 0.3:
            for one in self.world.backups.values():
                if one.suspect:
                    self.history.good[one.backup_id] = one.taken_at
            self.world.accept()
            self._tell("the operator accepts what was doubted")
        self._check()

    def _check(self) -> None:
        """Compare with what a person expects; a backup accepted late may have lost its period to a later one."""
        self.moments += 1
        anywhere = {one.backup_id for one in self.world.there()}
        for storage, counts in POLICY.counts.items():
            missing = self.history.expected(counts, self.world.now) - anywhere
            assert not missing, f"{self.world.now}: {storage} should have {sorted(missing)}"
        local = {one.backup_id for one in self.world.there(LOCAL)}
        missing = self.history.expected(LOCAL_COUNTS, self.world.now) - local
        assert not missing, f"{self.world.now}: there should be a local copy of {sorted(missing)}"

    def _tell(self, what: str) -> None:
        self.lines.append(f"{self.world.now.astimezone(BERLIN):%a %Y-%m-%d %H:%M}  {what}")

    def _tell_what_is_there(self) -> None:
        found = self.world.plan()
        self._tell("what is kept:")
        for storage in (LOCAL, REMOTE):
            kept = [one for one in found.kept if one.storage == storage]
            self.lines.append(f"    {storage}: {len(kept)} copies")
            for one in kept:
                words = "; ".join(reason.words for reason in one.reasons)
                self.lines.append(f"        {one.taken_at.astimezone(BERLIN):%a %m-%d %H:%M}  {words}")


def _name(moment: datetime) -> str:
    return f"{moment.astimezone(BERLIN):%m-%d}"


@pytest.mark.parametrize("seed", [1, 2])
def test_at_every_moment_of_a_year_there_is_what_a_person_expects(seed: int) -> None:
    year = Year(seed)

    year.run()

    timeline = "\n".join(year.lines)
    sys.stdout.write(timeline + "\n")
    path = os.environ.get("RETENTION_TIMELINE")
    if path:
        Path(f"{path}.{seed}").write_text(timeline + "\n")
    assert year.moments > 800
    # not merely by keeping all: what is left is close to what the counts say
    assert len(year.world.there(LOCAL)) <= 7 + 4 + 6 + 5
    assert len(year.world.there(REMOTE)) <= 14 + 8 + 12 + 5
    assert len(year.world.backups) > 250
