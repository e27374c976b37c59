"""process.command."""

from __future__ import annotations

import signal

from octeth_backupd.process.command import Command


def test_vector_begins_with_the_program() -> None:
    assert Command(program="tar", arguments=("-c", ".")).vector == ("tar", "-c", ".")


def test_program_is_ended_by_the_usual_signal_unless_said_otherwise() -> None:
    assert Command(program="tar").stop.signals == (signal.SIGTERM,)
