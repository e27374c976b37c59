"""The catalog's problems and deliveries: what people were told, and what is on its way to them."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert

from octeth_backupd.catalog.schema import deliveries, meta, problems
from octeth_backupd.domain.notices.delivery import LONGEST_RETRY_AFTER, Delivery, DeliveryState, NotifierStanding
from octeth_backupd.domain.notices.notice import notice_json, parse_notice
from octeth_backupd.domain.notices.problem import Problem
from octeth_backupd.errors import MetadataError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from datetime import datetime

    from octeth_backupd.catalog.database import Database
    from octeth_backupd.domain.notices.notice import Notice

KEPT_AFTER_END = timedelta(days=90)
"""How long deliveries that are over stay in the catalog."""

_PROBLEM = tuple(column for column in problems.c if column.name not in {"position", "after_delivery"})
_DELIVERY = tuple(column for column in deliveries.c if column.name not in {"kind", "problem", "last_failed_at"})
_WAITS = deliveries.c.state == sa.literal_column(f"'{DeliveryState.WAITING}'")  # as the partial index spells it
_OPEN = problems.c.ended_at.is_(None)


class Notices:
    """Problems, and the outbox. As every part of the catalog: any thread may call, and what returns is durable."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def open_problems(self) -> list[Problem]:
        """Return the problems that are not over, oldest first."""
        query = sa.select(*_PROBLEM).where(_OPEN).order_by(problems.c.position)
        with self._database.read() as connection:
            return [Problem(**row) for row in connection.execute(query).mappings()]

    def problems(self, *, limit: int = 100) -> list[Problem]:
        """Return open and past problems, newest first."""
        query = sa.select(*_PROBLEM).order_by(problems.c.position.desc()).limit(limit)
        with self._database.read() as connection:
            return [Problem(**row) for row in connection.execute(query).mappings()]

    def last_told(self) -> dict[tuple[str, str], datetime]:
        """Return when each notifier was last given a notice of each open problem, by (problem, notifier).

        What came last is told by the order of the outbox, not by a clock, which may have been wrong. What was given up
        reached nobody, and does not count.
        """
        newest = (
            sa.select(sa.func.max(deliveries.c.delivery_id))
            .join(problems, problems.c.key == deliveries.c.problem)
            .where(_OPEN, deliveries.c.problem != "", deliveries.c.delivery_id > problems.c.after_delivery)
            .where(deliveries.c.state != DeliveryState.GIVEN_UP)
            .group_by(deliveries.c.problem, deliveries.c.notifier)
        )
        query = sa.select(deliveries.c.problem, deliveries.c.notifier, deliveries.c.created_at)
        with self._database.read() as connection:
            rows = connection.execute(query.where(deliveries.c.delivery_id.in_(newest)))
            return {(row[0], row[1]): row[2] for row in rows}

    def tell(
        self,
        *,
        at: datetime,
        begun: Iterable[Problem] = (),
        told: Mapping[str, str] | None = None,
        ended: Collection[str] = (),
        notices: Iterable[tuple[str, Notice]] = (),
        remember: Mapping[str, str] | None = None,
    ) -> None:
        """Change problems and put notices into the outbox, all or nothing.

        Args:
            at: Now.
            begun: Problems that are new; one whose key is open already is left as it is.
            told: Keys of open problems that are told now, each with its title.
            ended: Keys of open problems that are over.
            notices: (notifier, notice) in the order in which they are sent.
            remember: Small texts by name, as ``Catalog.set_meta`` keeps them.
        """
        with self._database.write() as connection:
            for problem in begun:
                if (
                    connection.scalar(sa.select(problems.c.position).where(problems.c.key == problem.key, _OPEN))
                    is None
                ):
                    newest = sa.select(sa.func.coalesce(sa.func.max(deliveries.c.delivery_id), 0)).scalar_subquery()
                    connection.execute(sa.insert(problems).values({**asdict(problem), "after_delivery": newest}))
            for key, title in (told or {}).items():
                connection.execute(
                    sa.update(problems).where(problems.c.key == key, _OPEN).values(last_told_at=at, title=title)
                )
            if ended:
                over = sa.update(problems).where(problems.c.key.in_(ended), _OPEN)
                connection.execute(over.values(ended_at=at))
            for notifier, notice in notices:
                connection.execute(sa.insert(deliveries).values(_row(notifier, notice, at)))
            for name, value in (remember or {}).items():
                kept = insert(meta).values(name=name, value=value)
                connection.execute(kept.on_conflict_do_update(set_={"value": value}))

    def waiting(self, notifier: str, *, limit: int = 100) -> list[Delivery]:
        """Return what waits for a notifier, in the order in which it is sent."""
        query = (
            sa.select(*_DELIVERY)
            .where(deliveries.c.notifier == notifier, _WAITS)
            .order_by(deliveries.c.delivery_id)
            .limit(limit)
        )
        with self._database.read() as connection:
            return [_delivery(row) for row in connection.execute(query).mappings()]

    def due(self, notifier: str, *, at: datetime, limit: int = 100) -> list[Delivery]:
        """Return what of it is to be tried now, in the same order.

        A time further off than any that is ever set counts as due: the clock was set back.
        """
        is_due = sa.or_(deliveries.c.next_try_at <= at, deliveries.c.next_try_at > at + LONGEST_RETRY_AFTER)
        query = (
            sa.select(*_DELIVERY)
            .where(deliveries.c.notifier == notifier, _WAITS, is_due)
            .order_by(deliveries.c.delivery_id)
            .limit(limit)
        )
        with self._database.read() as connection:
            return [_delivery(row) for row in connection.execute(query).mappings()]

    def deliveries(self, *, notifier: str | None = None, limit: int = 100) -> list[Delivery]:
        """Return deliveries in any state, newest first."""
        query = sa.select(*_DELIVERY).order_by(deliveries.c.delivery_id.desc()).limit(limit)
        if notifier is not None:
            query = query.where(deliveries.c.notifier == notifier)
        with self._database.read() as connection:
            return [_delivery(row) for row in connection.execute(query).mappings()]

    def note_failure(self, delivery_id: int, *, error: str, at: datetime, next_try_at: datetime) -> None:
        """Note that a try failed; no effect on a delivery that is over."""
        self._change(
            delivery_id,
            {
                "tries": deliveries.c.tries + 1,
                "last_error": error,
                "last_failed_at": at,
                "next_try_at": next_try_at,
            },
        )

    def end_delivery(self, delivery_id: int, state: DeliveryState, *, at: datetime) -> None:
        """Note how a delivery ended; no effect on one that is over."""
        self._change(delivery_id, {"state": state, "ended_at": at})

    def is_overtaken(self, delivery: Delivery) -> bool:
        """Return whether its notifier was told already, by a later notice, that its problem is over.

        A later one that was superseded counts, for nobody is told of the problem's end any more.
        """
        problem = delivery.notice.problem
        if not problem:
            return False
        later = sa.select(deliveries.c.notice).where(
            deliveries.c.notifier == delivery.notifier,
            # One about another problem may say that this one is over, too.
            sa.or_(deliveries.c.problem == problem, deliveries.c.notice.contains('"ends"', autoescape=True)),
            deliveries.c.delivery_id > delivery.delivery_id,
            deliveries.c.state.in_((DeliveryState.SENT, DeliveryState.SUPERSEDED)),
        )
        with self._database.read() as connection:
            texts = [text for text in connection.scalars(later) if _is_readable(text)]
            return any(parse_notice(text).says_is_over(problem) for text in texts)

    def give_up_unreadable(self, *, at: datetime) -> int:
        """Give up what waits and is no notice to this release, such as one of a newer; return how many that were."""
        query = sa.select(deliveries.c.delivery_id, deliveries.c.notice).where(_WAITS)
        with self._database.write() as connection:
            unreadable = [row[0] for row in connection.execute(query).all() if not _is_readable(row[1])]
            values = {
                "state": DeliveryState.GIVEN_UP,
                "ended_at": at,
                "last_error": "the notice is from another release and cannot be read",
            }
            connection.execute(
                sa.update(deliveries).where(deliveries.c.delivery_id.in_(unreadable), _WAITS).values(values)
            )
        return len(unreadable)

    def hurry(self, *, at: datetime) -> None:
        """Let everything that waits be tried at once: the settings have changed."""
        with self._database.write() as connection:
            connection.execute(sa.update(deliveries).where(_WAITS).values(next_try_at=at))

    def give_up_others(self, notifiers: Collection[str], *, at: datetime) -> int:
        """Give up what waits for notifiers that are not among these; return how many that were."""
        gone = sa.update(deliveries).where(_WAITS, deliveries.c.notifier.not_in(notifiers))
        values = {
            "state": DeliveryState.GIVEN_UP,
            "ended_at": at,
            "last_error": "the notifier is not in the configuration any more",
        }
        with self._database.write() as connection:
            return connection.execute(gone.values(values)).rowcount

    def forget_old(self, *, at: datetime) -> int:
        """Remove deliveries that have been over for ninety days; return how many there were."""
        old = sa.delete(deliveries).where(deliveries.c.ended_at < at - KEPT_AFTER_END, ~_WAITS)
        with self._database.write() as connection:
            return connection.execute(old).rowcount

    def standings(self) -> dict[str, NotifierStanding]:
        """Return what is known of each notifier that ever had a delivery, by name."""
        query = sa.select(
            deliveries.c.notifier,
            sa.func.count().filter(_WAITS).label("waiting"),
            sa.func.min(deliveries.c.created_at).filter(_WAITS).label("waiting_since"),
            sa.func.coalesce(
                # What was never tried is due at once, and yet waits behind what failed.
                sa.func.min(deliveries.c.next_try_at).filter(_WAITS, deliveries.c.tries > 0),
                sa.func.min(deliveries.c.next_try_at).filter(_WAITS),
            ).label("next_try_at"),
            sa.func.max(deliveries.c.ended_at).filter(deliveries.c.state == DeliveryState.SENT).label("last_sent_at"),
            sa.func.max(deliveries.c.last_failed_at).label("last_failed_at"),
            sa.func.count().filter(deliveries.c.state == DeliveryState.GIVEN_UP).label("given_up"),
        ).group_by(deliveries.c.notifier)
        with self._database.read() as connection:
            rows = connection.execute(query).mappings().all()
            errors = {row["notifier"]: self._last_error(connection, row["notifier"]) for row in rows}
        return {row["notifier"]: NotifierStanding(**row, last_error=errors[row["notifier"]]) for row in rows}

    def _last_error(self, connection: sa.Connection, notifier: str) -> str:
        query = (
            sa.select(deliveries.c.last_error)
            .where(deliveries.c.notifier == notifier, _WAITS, deliveries.c.last_error != "")
            .order_by(deliveries.c.last_failed_at.desc())
            .limit(1)
        )
        return connection.scalar(query) or ""

    def _change(self, delivery_id: int, values: dict[str, Any]) -> None:
        with self._database.write() as connection:
            connection.execute(
                sa.update(deliveries).where(deliveries.c.delivery_id == delivery_id, _WAITS).values(values)
            )


def _row(notifier: str, notice: Notice, at: datetime) -> dict[str, Any]:
    return {
        "notifier": notifier,
        "kind": notice.kind,
        "problem": notice.problem,
        "notice": notice_json(notice),
        "state": DeliveryState.WAITING,
        "tries": 0,
        "next_try_at": at,
        "last_error": "",
        "last_failed_at": None,
        "created_at": at,
        "ended_at": None,
    }


def _is_readable(text: str) -> bool:
    try:
        parse_notice(text)
    except MetadataError:
        return False
    return True


def _delivery(row: Any) -> Delivery:
    return Delivery(**{**row, "notice": parse_notice(row["notice"])})
