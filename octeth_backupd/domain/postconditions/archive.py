"""Post-conditions on the archive: written whole, read back the same, holding exactly the directory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from octeth_backupd.domain.backup import VerifyMode
from octeth_backupd.domain.postconditions.base import Answer, PostCondition, Stage, failed, needed, passed, some

if TYPE_CHECKING:
    from octeth_backupd.domain.postconditions.evidence import Archived, ArchiveReadBack, Evidence

BAD_DISK = "Look at the disk and memory of this machine (kernel log, SMART), then take a new backup."


def archive_pipe(evidence: Evidence) -> Answer:
    """Answer whether every program of the pipe that wrote the archive ended with 0."""
    archived = _archived(evidence)
    bad = {stage: code for stage, code in archived.stages.items() if code != 0}
    if bad or not archived.stages:
        told = ", ".join(f"{stage} ended with {code}" for stage, code in bad.items()) or "no stage left an exit code"
        return failed(told, cause="The archive lacks what the failed stage did not deliver.")
    return passed(f"{', '.join(archived.stages)} ended with 0")


def archive_written(evidence: Evidence) -> Answer:
    """Answer whether as many bytes went into the archive as the directory holds."""
    archived = _archived(evidence)
    prepared = needed(evidence.prepared, "the prepared directory was not looked at")
    directory_bytes = sum(entry.size_bytes for entry in prepared.files.values())
    if archived.size_bytes == 0 or archived.archived_bytes < directory_bytes:
        return failed(
            f"{archived.archived_bytes} bytes went into an archive of {archived.size_bytes}, the directory holds "
            f"{directory_bytes}",
            cause="The stream was cut before the directory's end.",
        )
    return passed(f"{archived.archived_bytes} bytes became an archive of {archived.size_bytes}")


def archive_hash(evidence: Evidence) -> Answer:
    """Answer whether the bytes that were read back are those that were written."""
    archived, read_back = _archived(evidence), _read_back(evidence)
    if read_back.size_bytes != archived.size_bytes:
        return failed(
            f"the archive was written with {archived.size_bytes} bytes and read back with {read_back.size_bytes}",
            fix=BAD_DISK,
        )
    if read_back.sha256 != archived.sha256:
        return failed(
            f"the archive was written with SHA-256 {archived.sha256[:12]}… and read back with {read_back.sha256[:12]}…",
            cause="The disk does not give back what it was given.",
            fix=BAD_DISK,
        )
    return passed(f"read back with the same SHA-256 {archived.sha256[:12]}…")


def archive_listing(evidence: Evidence) -> Answer:
    """Answer whether the archive holds the directory's files, whole, and nothing else."""
    top = _archived(evidence).top_directory
    members = needed(_read_back(evidence).files, "the archive was not listed")
    prepared = needed(evidence.prepared, "the prepared directory was not looked at")
    strangers = [path for path in members if not path.startswith(f"{top}/")]
    if strangers:
        return failed(f"not beneath {top}/: {some(strangers)}")
    sizes = {path[len(top) + 1 :]: size for path, size in members.items()}
    missing = prepared.files.keys() - sizes.keys()
    extra = sizes.keys() - prepared.files.keys()
    changed = [path for path, entry in prepared.files.items() if sizes.get(path, entry.size_bytes) != entry.size_bytes]
    told = [
        f"{word}: {some(paths)}"
        for word, paths in (("missing", missing), ("not in the directory", extra), ("of another size", changed))
        if paths
    ]
    if told:
        return failed("; ".join(told), cause="The archive is not the directory that was checked.")
    return passed(f"the archive lists the same {len(sizes)} files with the same sizes")


def _archived(evidence: Evidence) -> Archived:
    return needed(evidence.archived, "there is no archive")


def _read_back(evidence: Evidence) -> ArchiveReadBack:
    return needed(evidence.read_back, "the archive was not read back")


def _is_read_back(evidence: Evidence) -> bool:
    return evidence.verify is not VerifyMode.NONE


def _is_listed(evidence: Evidence) -> bool:
    return evidence.verify is VerifyMode.FULL


CONDITIONS = (
    PostCondition(
        name="archive_pipe",
        stage=Stage.ARCHIVE,
        question="Did every program of the pipe end with 0?",
        answer=archive_pipe,
    ),
    PostCondition(
        name="archive_written",
        stage=Stage.ARCHIVE,
        question="Did as many bytes go into the archive as the directory holds?",
        answer=archive_written,
    ),
    PostCondition(
        name="archive_hash",
        stage=Stage.READ_BACK,
        question="Are the bytes read back those that were written?",
        answer=archive_hash,
        applies=_is_read_back,
    ),
    PostCondition(
        name="archive_listing",
        stage=Stage.READ_BACK,
        question="Does the archive hold the directory's files, whole, and nothing else?",
        answer=archive_listing,
        applies=_is_listed,
    ),
)
