"""Series of one family by their labels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from octeth_backupd.telemetry.families.registry import FAMILIES

if TYPE_CHECKING:
    from octeth_backupd.domain.figures import Figures


def series(name: str, figures: Figures) -> dict[tuple[str, ...], float]:
    """Return the numbers of a family by the values of its labels."""
    [family] = [one for one in FAMILIES if one.name == name]
    return {tuple(str(label) for label in labels): value for labels, value in family.samples(figures)}
