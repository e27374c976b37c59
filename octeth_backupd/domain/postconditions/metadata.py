"""Post-conditions on the files an engine writes about its backup."""

from __future__ import annotations

from typing import TYPE_CHECKING

from octeth_backupd.domain.checkpoints import Checkpoints, parse_checkpoints
from octeth_backupd.domain.engine_info import parse_binlog_info, parse_info
from octeth_backupd.domain.postconditions.base import (
    Answer,
    MissingEvidenceError,
    PostCondition,
    Stage,
    failed,
    needed,
    passed,
    some,
)

if TYPE_CHECKING:
    from octeth_backupd.domain.postconditions.evidence import DirectoryState, Evidence, PrepareEvidence

REDO_FILES = ("xtrabackup_logfile", "ib_logfile0")
LEFTOVER_SUFFIXES = (".partial", ".delta", ".new", ".ren", ".del")


def metadata_files(evidence: Evidence) -> Answer:
    """Answer whether every file that the engine writes at its end is there and says something."""
    raw = _raw(evidence)
    expected = evidence.expectation
    missing, empty = [], []
    for group in dict.fromkeys((expected.checkpoints_files, expected.info_files, *expected.required_files)):
        name = raw.first(group)
        if name is None:
            missing.append(" or ".join(group))
        elif raw.files[name].size_bytes == 0 and name not in expected.may_be_empty:
            empty.append(name)
    if missing or empty:
        problems = [*(f"{name} is missing" for name in missing), *(f"{name} is empty" for name in empty)]
        return failed(
            "; ".join(problems),
            cause=f"{evidence.engine} writes these files at its end: it did not come to its end.",
        )
    return passed("all metadata files are there")


def checkpoints_raw(evidence: Evidence) -> Answer:
    """Answer whether the checkpoints file names the state of a fresh full backup."""
    return _backup_type(
        checkpoints_of(evidence, _raw(evidence)).backup_type, evidence.expectation.raw_backup_type, "backup"
    )


def checkpoints_prepared(evidence: PrepareEvidence) -> Answer:
    """Answer whether the checkpoints file names the state of a finally prepared backup."""
    return _backup_type(
        checkpoints_of(evidence, _prepared(evidence)).backup_type,
        evidence.expectation.prepared_backup_type,
        "prepare",
    )


def lsn_order(evidence: Evidence) -> Answer:
    """Answer whether the LSNs of a full backup are in order and the engine's two files agree."""
    raw = _raw(evidence)
    found = checkpoints_of(evidence, raw)
    if found.from_lsn != 0:
        return failed(f"from_lsn is {found.from_lsn}: this is an incremental backup, a full one was ordered")
    if found.to_lsn == 0 or found.to_lsn > found.last_lsn:
        return failed(
            f"to_lsn {found.to_lsn} must be above 0 and not above last_lsn {found.last_lsn}",
            cause="The copied redo ends before the checkpoint that it must bring the files to.",
        )
    told = _info(evidence, raw).get("innodb_to_lsn")
    if told is not None and told != str(found.to_lsn):
        return failed(
            f"the info file says to_lsn {told}, the checkpoints file {found.to_lsn}",
            cause="The two files are not of one backup.",
        )
    return passed(f"to_lsn {found.to_lsn} is not above last_lsn {found.last_lsn}")


def lsn_kept(evidence: PrepareEvidence) -> Answer:
    """Answer whether the prepared backup is of the same moment as the raw one."""
    raw = checkpoints_of(evidence, _raw(evidence))
    prepared = checkpoints_of(evidence, _prepared(evidence))
    if (raw.from_lsn, raw.to_lsn, raw.last_lsn) != (prepared.from_lsn, prepared.to_lsn, prepared.last_lsn):
        return failed(
            f"prepare changed the LSNs from {raw.from_lsn}/{raw.to_lsn}/{raw.last_lsn} to "
            f"{prepared.from_lsn}/{prepared.to_lsn}/{prepared.last_lsn}",
            cause="The directory that was prepared is not the one that was backed up.",
        )
    return passed("the prepared backup has the raw one's LSNs")


def redo_present(evidence: Evidence) -> Answer:
    """Answer whether the redo log was copied, and as much of it as the LSNs say."""
    raw = _raw(evidence)
    name = raw.first(REDO_FILES)
    if name is None:
        return failed(
            f"neither {' nor '.join(REDO_FILES)} is in the backup",
            cause="Without the redo log the files cannot be brought to one moment: they are of different ones.",
        )
    size_bytes = raw.files[name].size_bytes
    if name in evidence.expectation.may_be_empty:
        return passed(f"the redo log {name} is there")
    found = checkpoints_of(evidence, raw)
    if size_bytes == 0 or size_bytes < found.last_lsn - found.to_lsn:
        return failed(
            f"the redo log {name} holds {size_bytes} bytes, from to_lsn to last_lsn are "
            f"{found.last_lsn - found.to_lsn}",
            cause="The redo log was cut: the files cannot be brought to one moment.",
        )
    return passed(f"the redo log {name} holds {size_bytes} bytes")


def binlog_position(evidence: Evidence) -> Answer:
    """Answer whether the binlog position was recorded, which point-in-time recovery begins at."""
    raw = _raw(evidence)
    name = raw.first(evidence.expectation.binlog_info_files)
    if name is None:
        return failed(
            f"{' or '.join(evidence.expectation.binlog_info_files)} is missing although the server writes a binlog",
            cause="Without the position no binlog can be applied on top of this backup.",
        )
    position = parse_binlog_info(_text(raw, name), file=name)
    return passed(f"binlog position {position.file}:{position.position}")


def partial_files(evidence: PrepareEvidence) -> Answer:
    """Answer whether prepare left nothing half done."""
    prepared = _prepared(evidence)
    left = [path for path in prepared.files if path.endswith(LEFTOVER_SUFFIXES)]
    if left:
        return failed(
            f"half-done files are left: {some(left)}",
            cause="prepare renames or removes them when it works; a server started on them lacks tables.",
        )
    return passed("prepare left no half-done file")


def checkpoints_of(evidence: PrepareEvidence, directory: DirectoryState) -> Checkpoints:
    """Return the checkpoints of a directory.

    Raises:
        MetadataError: The file is malformed.
        MissingEvidenceError: There is none.
    """
    name = directory.first(evidence.expectation.checkpoints_files)
    if name is None:
        raise MissingEvidenceError(f"there is no {' or '.join(evidence.expectation.checkpoints_files)}")
    return parse_checkpoints(_text(directory, name), file=name)


def info_of(evidence: Evidence) -> dict[str, str]:
    """Return what the raw backup's info file says.

    Raises:
        MetadataError: The file is malformed.
        MissingEvidenceError: There is none.
    """
    return _info(evidence, _raw(evidence))


def _info(evidence: Evidence, directory: DirectoryState) -> dict[str, str]:
    name = directory.first(evidence.expectation.info_files)
    if name is None:
        raise MissingEvidenceError(f"there is no {' or '.join(evidence.expectation.info_files)}")
    return dict(parse_info(_text(directory, name), file=name))


def _text(directory: DirectoryState, name: str) -> str:
    return needed(directory.texts.get(name), f"{name} was not read")


def _raw(evidence: PrepareEvidence) -> DirectoryState:
    return needed(evidence.raw, "the backup directory was not looked at")


def _prepared(evidence: PrepareEvidence) -> DirectoryState:
    return needed(evidence.prepared, "the prepared directory was not looked at")


def _backup_type(found: str, expected: str, step: str) -> Answer:
    if found != expected:
        return failed(
            f"the checkpoints file says '{found}' after the {step}; expected '{expected}'",
            cause=f"The {step} did not come to its end, or an engine of another kind made it.",
        )
    return passed(f"the checkpoints file says '{found}'")


def _writes_binlog(evidence: Evidence) -> bool:
    return evidence.before.variables.get("log_bin", "").upper() in {"ON", "1"}


CONDITIONS = (
    PostCondition(
        name="metadata_files",
        stage=Stage.BACKUP,
        question="Is every metadata file there, the last one included, and not empty?",
        answer=metadata_files,
    ),
    PostCondition(
        name="checkpoints_raw",
        stage=Stage.BACKUP,
        question="Does the checkpoints file say what this engine writes after a full backup?",
        answer=checkpoints_raw,
    ),
    PostCondition(
        name="lsn_order",
        stage=Stage.BACKUP,
        question="Are the LSNs in order, and do the engine's files agree on them?",
        answer=lsn_order,
    ),
    PostCondition(
        name="redo_present",
        stage=Stage.BACKUP,
        question="Was the redo log copied, as much of it as the LSNs say?",
        answer=redo_present,
    ),
    PostCondition(
        name="binlog_position",
        stage=Stage.BACKUP,
        question="Was the binlog position recorded?",
        answer=binlog_position,
        applies=_writes_binlog,
    ),
    PostCondition(
        name="checkpoints_prepared",
        stage=Stage.PREPARE,
        question="Does the checkpoints file say what this engine writes after the last prepare?",
        answer=checkpoints_prepared,
    ),
    PostCondition(
        name="lsn_kept",
        stage=Stage.PREPARE,
        question="Are the prepared backup's LSNs those of the raw one?",
        answer=lsn_kept,
    ),
    PostCondition(
        name="partial_files",
        stage=Stage.PREPARE,
        question="Did prepare leave nothing half done?",
        answer=partial_files,
    ),
)
