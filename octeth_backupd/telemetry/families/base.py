"""The contract of metrics.

A family has one name, one set of labels and, for the same configuration, the same series at every scrape: what has not
happened yet is 0, not absent, unless its text says otherwise. Values of labels come from the configuration and from
closed lists of words, never from a backup, a run or an error. Names follow the conventions: base units, ``_seconds``,
``_bytes``, ``_total`` for what only grows.

Source:
    Prometheus documentation, "Metric and label naming" and "Instrumentation".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from octeth_backupd.domain.figures import Figures

Sample = tuple[tuple[str, ...], float]
"""Values of the labels, in their order, and the number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """One metric with all its series.

    Attributes:
        text: A sentence for people, unit included.
        samples: Makes the series out of the figures.
    """

    name: str
    kind: Literal["gauge", "counter"]
    text: str
    samples: Callable[[Figures], Iterable[Sample]]
    labels: tuple[str, ...] = ()


def gauge(name: str, text: str, samples: Callable[[Figures], Iterable[Sample]], labels: tuple[str, ...] = ()) -> Family:
    """Return a family of numbers that go up and down."""
    return Family(name=name, kind="gauge", text=text, samples=samples, labels=labels)


def counter(
    name: str, text: str, samples: Callable[[Figures], Iterable[Sample]], labels: tuple[str, ...] = ()
) -> Family:
    """Return a family of numbers that only grow, until the catalog is begun anew."""
    return Family(name=name, kind="counter", text=text, samples=samples, labels=labels)


def seconds_of(at: datetime | None) -> float:
    """Return a time as seconds since 1970; 0 for never."""
    return 0.0 if at is None else at.timestamp()
