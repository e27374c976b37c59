"""Lengths of time and sizes as people write them on a command line: ``26h``, ``1GiB``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_SECONDS = {"s": 1, "m": 60, "min": 60, "h": 3600, "d": 86400, "w": 7 * 86400}
_BYTES = {"": 1, "B": 1} | {
    f"{letter}{ending}": base**power
    for power, letter in enumerate("KMGT", start=1)
    for ending, base in (("iB", 1024), ("B", 1000))
}
_AMOUNT = re.compile(r"(?P<number>[0-9]+(?:\.[0-9]+)?) ?(?P<unit>[A-Za-z]*)")


def parse_duration(text: str) -> int:
    """Return the seconds in ``90m``, ``26h``, ``2d`` or ``1.5h``; a unit is needed.

    Raises:
        ValueError: It is none; the message says what would be.
    """
    seconds = _parse(text, {unit: float(factor) for unit, factor in _SECONDS.items()})
    if seconds is None:
        raise ValueError(f"not a length of time: {text!r}; write it like 90m, 26h or 2d")
    return seconds


def parse_size(text: str) -> int:
    """Return the bytes in ``500MB`` (decimal), ``1GiB`` (binary) or ``1048576``.

    Raises:
        ValueError: It is none; the message says what would be.
    """
    size_bytes = _parse(text, {unit.lower(): float(factor) for unit, factor in _BYTES.items()}, fold=True)
    if size_bytes is None:
        raise ValueError(f"not a size: {text!r}; write it like 500MB, 1GiB or 1048576")
    return size_bytes


def _parse(text: str, units: Mapping[str, float], *, fold: bool = False) -> int | None:
    match = _AMOUNT.fullmatch(text.strip())
    if match is None:
        return None
    factor = units.get(match["unit"].lower() if fold else match["unit"])
    return None if factor is None else round(float(match["number"]) * factor)
