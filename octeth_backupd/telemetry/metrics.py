"""Metrics in Prometheus' text format, made anew out of the figures at every scrape: nothing is remembered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from octeth_backupd.telemetry.families.registry import FAMILIES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from prometheus_client.core import Metric

    from octeth_backupd.domain.figures import Figures
    from octeth_backupd.telemetry.families.base import Family

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class FiguresCollector(Collector):
    """Hands the figures of the moment to prometheus-client.

    Args:
        figures: Takes them.
    """

    def __init__(self, figures: Callable[[], Figures]) -> None:
        self._figures = figures

    def describe(self) -> Iterator[Metric]:
        """Return the families without series: registering takes no figures."""
        return (_metric(family, None) for family in FAMILIES)

    def collect(self) -> Iterator[Metric]:
        """Return all families with their series, all as of one moment."""
        figures = self._figures()
        return (_metric(family, figures) for family in FAMILIES)


def registry_of(figures: Callable[[], Figures]) -> CollectorRegistry:
    """Return a registry that holds our metrics and nothing else."""
    registry = CollectorRegistry()
    registry.register(FiguresCollector(figures))
    return registry


def exposition(figures: Figures) -> bytes:
    """Return figures as a scrape gives them."""
    return generate_latest(registry_of(lambda: figures))


def _metric(family: Family, figures: Figures | None) -> Metric:
    metric = (
        CounterMetricFamily(family.name, family.text, labels=family.labels)
        if family.kind == "counter"
        else GaugeMetricFamily(family.name, family.text, labels=family.labels)
    )
    for labels, value in family.samples(figures) if figures is not None else ():
        metric.add_metric([str(label) for label in labels], value)
    return metric
