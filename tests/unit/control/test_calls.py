"""Slow calls cannot take the quick ones' threads."""

import asyncio
import threading

from octeth_backupd.control.calls import Calls
from octeth_backupd.control.limits import Limits
from tests.fakes.services import FakeServices


def test_a_quick_call_is_answered_while_every_slow_thread_is_taken() -> None:
    release = threading.Event()

    async def play() -> str:
        calls = Calls(FakeServices(), Limits())
        slow = [asyncio.create_task(calls.slow(lambda: release.wait(20))) for _ in range(5)]
        await asyncio.sleep(0)
        answer = await asyncio.wait_for(calls.quick(lambda: "here"), 10)
        release.set()
        await asyncio.gather(*slow)
        return answer

    assert asyncio.run(play()) == "here"


def test_an_error_comes_through() -> None:
    def fail() -> None:
        raise ValueError("broken")

    async def play() -> str:
        try:
            await Calls(FakeServices(), Limits()).stream(fail)
        except ValueError as error:
            return str(error)
        return ""

    assert asyncio.run(play()) == "broken"
