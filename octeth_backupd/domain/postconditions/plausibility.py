"""Post-conditions on sizes. They doubt, they do not condemn.

A suspect backup is kept, and so is everything that it would replace.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from octeth_backupd.domain.postconditions.base import Answer, PostCondition, Stage, doubted, needed, passed
from octeth_backupd.domain.server import TablespaceKind
from octeth_backupd.domain.space import format_bytes

if TYPE_CHECKING:
    from octeth_backupd.domain.postconditions.evidence import Evidence

LOOK = (
    "Look at the backup, best on a throwaway server (octeth-backupctl verify ID --deep). If it is right, say so: "
    "octeth-backupctl accept ID. Until then nothing expires that was kept when it was made."
)


def size_plausible(evidence: Evidence) -> Answer:
    """Answer whether the backup's tablespaces are about as large as the server's."""
    prepared = needed(evidence.prepared, "the prepared directory was not looked at")
    sizes = {
        one.space_id: one.size_bytes
        for one in evidence.before.tablespaces
        if one.kind is not TablespaceKind.TEMPORARY and not one.discarded
    }
    # A tablespace that the server knows and has not opened yet has no size (MariaDB): it cannot be compared.
    unopened = {one.space_id for one in evidence.before.tablespaces} - {key for key, size in sizes.items() if size}
    expected = sum(sizes.values())
    found = sum(
        entry.size_bytes
        for entry in prepared.files.values()
        if entry.space_id is not None and entry.space_id not in unopened
    )
    verdict = evidence.bounds.verdict(found, expected)
    if verdict is not None:
        return doubted(
            f"the backup's tablespaces hold {format_bytes(found)}, {verdict} of the server's {format_bytes(expected)}",
            fix=LOOK,
        )
    return passed(f"the backup's tablespaces hold {format_bytes(found)}, the server's {format_bytes(expected)}")


def size_as_before(evidence: Evidence) -> Answer:
    """Answer whether data and archive are about as large as in the last good backup."""
    archived = needed(evidence.archived, "there is no archive")
    previous = needed(evidence.previous, "there is no backup before this one")
    data_bytes = needed(evidence.prepared, "the prepared directory was not looked at").tablespace_bytes
    verdict = evidence.bounds.verdict(data_bytes, previous.data_bytes)
    if verdict is not None:
        return doubted(
            f"the backup's tablespaces hold {format_bytes(data_bytes)}, {verdict} of the "
            f"{format_bytes(previous.data_bytes)} at the last good backup",
            cause="Much was deleted or added, or this is not the data it was.",
            fix=LOOK,
        )
    if previous.data_bytes > 0:
        expected = previous.archive_bytes * data_bytes // previous.data_bytes
        verdict = evidence.bounds.verdict(archived.size_bytes, expected)
        if verdict is not None:
            return doubted(
                f"the archive has {format_bytes(archived.size_bytes)}, {verdict} of the {format_bytes(expected)} that "
                "the last good backup leads to expect",
                cause="The data compresses otherwise than before: emptied tables, or encrypted ones.",
                fix=LOOK,
            )
    return passed(f"data and archive ({format_bytes(archived.size_bytes)}) are about as large as before")


def _has_previous(evidence: Evidence) -> bool:
    return evidence.previous is not None


CONDITIONS = (
    PostCondition(
        name="size_plausible",
        stage=Stage.PREPARE,
        question="Are the backup's tablespaces about as large as the server's?",
        answer=size_plausible,
    ),
    PostCondition(
        name="size_as_before",
        stage=Stage.ARCHIVE,
        question="Are data and archive about as large as at the last good backup?",
        answer=size_as_before,
        applies=_has_previous,
    ),
)
