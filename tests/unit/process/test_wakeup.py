"""process.wakeup."""

from __future__ import annotations

import os
import select

from octeth_backupd.process.wakeup import Wakeup


def test_setting_makes_the_descriptor_readable() -> None:
    wakeup = Wakeup()

    before = select.select([wakeup], [], [], 0)[0]
    wakeup.set()
    wakeup.set()

    assert before == []
    assert wakeup.is_set
    assert select.select([wakeup], [], [], 0)[0] == [wakeup]
    wakeup.close()


def test_late_call_reaches_nobody_who_got_the_number_since() -> None:
    wakeup = Wakeup()
    number = wakeup.fileno()
    wakeup.close()
    wakeup.close()
    stranger = os.eventfd(0, os.EFD_NONBLOCK)
    while stranger != number and stranger < number:
        stranger = os.eventfd(0, os.EFD_NONBLOCK)

    wakeup.set()

    assert stranger == number
    assert not wakeup.is_set
    assert select.select([stranger], [], [], 0)[0] == []
    os.close(stranger)
