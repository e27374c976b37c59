"""What an operator should do about a restore if the daemon never came back: the words in its journal."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from octeth_backupd.domain.restore.machine import State
from octeth_backupd.domain.restore.swap import SwapMethod

if TYPE_CHECKING:
    from octeth_backupd.domain.restore.journal import Journal
    from octeth_backupd.domain.restore.swap import Swap

_MEANING = {
    State.STAGING: "The backup is being unpacked and tried beside the server's data. The server was not touched.",
    State.FENCING: "The server is being stopped. Its data was not touched.",
    State.SWAPPING: "The server is stopped and its directories are being exchanged with the restored ones.",
    State.STARTING: "The restored data is in place; the server is being started on it.",
    State.GATING: "The server was started on the restored data, which is being checked.",
    State.COMMITTING: "The restore has succeeded; the restart policy is being put back.",
    State.STOPPING: "The restored data did not pass; the server is being stopped to put the old data back.",
    State.SWAPPING_BACK: "The server is stopped and its old directories are being put back.",
    State.UNFENCING: "The old data is in place; the restart policy is being put back and the server started.",
    State.CLEANING: "The old data is in place; what was staged is being removed.",
    State.COMMITTED: "The server runs on the restored data. The data from before is kept as a safety copy.",
    State.ABORTED: "The restore ended before anything was changed.",
    State.ROLLED_BACK: "The restore was taken back: the server has the data from before.",
}


def advice(journal: Journal) -> list[str]:
    """Return sentences and commands, one to a line, that finish by hand what the journal's state began."""
    lines = [_MEANING[journal.state]]
    if journal.is_open:
        lines.append("First choice: start the daemon again, it goes on by itself from here.")
    match journal.state:
        case State.STAGING | State.CLEANING:
            lines += ["By hand: remove what was staged.", *_remove(journal)]
        case State.FENCING | State.UNFENCING:
            lines += ["By hand: start the server, then remove what was staged.", *_start(journal), *_remove(journal)]
        case State.SWAPPING | State.STOPPING | State.SWAPPING_BACK:
            lines += [
                "By hand: make sure that the server is stopped, put its old directories back, start it.",
                *_stop(journal),
                *[line for swap in journal.swaps for line in _old_data(swap)],
                *_start(journal),
            ]
        case State.STARTING | State.GATING | State.COMMITTING:
            lines += ["By hand: start the server and look whether its data is right.", *_start(journal)]
        case State.COMMITTED | State.ROLLED_BACK if journal.holds_safety_copy:
            kept = zip(journal.kept, journal.swaps, strict=True)
            lines += [f"Set aside: {path} (from {swap.live})." for path, swap in kept]
        case _:
            pass
    return lines


def _start(journal: Journal) -> list[str]:
    if not journal.container:
        unit = shlex.quote(journal.systemd_unit)
        triggers = journal.policy.triggers if journal.policy else ()
        return [f"systemctl unmask {unit}", *(f"systemctl start {shlex.quote(each)}" for each in (*triggers, unit))]
    name = shlex.quote(journal.container)
    policy = journal.policy
    lines = [f"docker start {name}"] if journal.was_running or journal.has_swapped else []
    if policy is not None:
        retries = f":{policy.maximum_retries}" if policy.name == "on-failure" and policy.maximum_retries else ""
        lines.insert(0, f"docker update --restart={policy.name or 'no'}{retries} {name}")
    return lines


def _stop(journal: Journal) -> list[str]:
    if not journal.container:
        return [f"systemctl stop {shlex.quote(journal.systemd_unit)}"]
    return [f"docker stop --time 600 {shlex.quote(journal.container)}"]


def _remove(journal: Journal) -> list[str]:
    return [f"rm -r {shlex.quote(str(swap.room))}" for swap in journal.swaps]


def _old_data(swap: Swap) -> list[str]:
    if swap.method is SwapMethod.EXCHANGE:
        return [
            f"The directory with inode {swap.live_inode} is the old data: see ls -di {swap.live} {swap.incoming}. "
            f"If it is {swap.incoming}, exchange the two names."
        ]
    return [
        f"Old entries are in {swap.aside}, where it exists: move everything else that the server has in {swap.live} "
        f"to {swap.incoming}, then move the old entries back to {swap.live}."
    ]
