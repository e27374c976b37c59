"""The fake switch keeps the contract of the real ones, which run the suite in tests/unit and tests/integration."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.contracts.power_contract import PowerContract
from tests.fakes.clock import FakeClock
from tests.fakes.power import FakePower

if TYPE_CHECKING:
    from datetime import datetime


class FakeRig:
    """A FakePower, which is its own server."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.power = FakePower(clock=self.clock)

    def ignore_stop(self) -> None:
        self.power.ignores_stop = True

    def say(self, line: str) -> None:
        self.power.lines.append(line)

    def remove(self) -> None:
        self.power.exists = False

    def now(self) -> datetime:
        return self.clock.now()

    def wait(self, seconds: float) -> None:
        self.clock.go(seconds)


@pytest.fixture
def rig() -> FakeRig:
    return FakeRig()


class TestFakePower(PowerContract):
    """The suite, in memory."""
