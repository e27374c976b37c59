"""Post-conditions on what a backup holds: every tablespace and table that the server had all the time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from octeth_backupd.domain.postconditions.base import (
    Answer,
    PostCondition,
    Stage,
    doubted,
    failed,
    needed,
    passed,
    some,
)
from octeth_backupd.domain.server import TablespaceKind, Vendor
from octeth_backupd.domain.table_files import (
    DATA_FILE_SUFFIXES,
    candidate_paths,
    system_file_names,
    without_partition,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from octeth_backupd.domain.postconditions.evidence import DirectoryState, Evidence, FileEntry, ServerAfter
    from octeth_backupd.domain.server import EngineTable, Tablespace

PROBLEMS_SHOWN = 5
LEFT_OUT = "The engine left it out, or copied another directory than this server's."


def tablespaces_present(evidence: Evidence) -> Answer:
    """Answer whether every tablespace that the server had at the start and at the end is in the backup, whole."""
    prepared = _prepared(evidence)
    stayed = stayed_tablespaces(evidence.before.tablespaces, _after(evidence).tablespaces)
    if not stayed:
        return failed(
            "the server lists no tablespace that was there before and after the backup",
            cause="Even an empty server has its system tablespace: the list is not to be trusted.",
            fix="Check that the login has the PROCESS privilege (`octeth-backupctl doctor`).",
        )
    by_space_id = {entry.space_id: path for path, entry in prepared.files.items() if entry.space_id}
    problems = []
    for tablespace in stayed:
        match tablespace.kind:
            case TablespaceKind.SYSTEM:
                problem = _system_problem(tablespace, prepared, evidence.before.variables)
            case TablespaceKind.UNDO:
                problem = _undo_problem(tablespace, prepared, by_space_id)
            case _:
                problem = _table_problem(tablespace, prepared, by_space_id)
        if problem:
            problems.append(problem)
    return _verdict(problems, f"all {len(stayed)} tablespaces of the server are in the backup, each whole")


def other_tables_present(evidence: Evidence) -> Answer:
    """Answer whether every table of another storage engine has its files in the backup."""
    prepared = _prepared(evidence)
    stayed = _stayed_tables(evidence.before.other_tables, _after(evidence).other_tables)
    problems = [
        f"{path} is missing (table {table.schema}.{table.table}, {table.engine})"
        for table in stayed
        for path in _expected_files(table, evidence.before.vendor)
        if path not in prepared.files
    ]
    return _verdict(problems, f"all {len(stayed)} tables of other engines than InnoDB are in the backup")


def definitions_present(evidence: Evidence) -> Answer:
    """Answer whether MariaDB's definition file lies beside every InnoDB table: without it the table is lost."""
    prepared = _prepared(evidence)
    stayed = stayed_tablespaces(evidence.before.tablespaces, _after(evidence).tablespaces)
    stems = {
        without_partition(tablespace.name)
        for tablespace in stayed
        if tablespace.kind is TablespaceKind.SINGLE and _is_ordinary_table(tablespace.name)
    }
    problems = [f"{stem}.frm is missing" for stem in sorted(stems) if f"{stem}.frm" not in prepared.files]
    return _verdict(problems, f"all {len(stems)} definition files are in the backup")


def unopened_present(evidence: Evidence) -> Answer:
    """Answer whether the tablespaces are in the backup that MariaDB knows and has not opened since its start.

    It lists them like discarded ones, without file and size; only their file in the backup tells them apart. One that
    is missing may be lost or discarded, so it is doubted, not failed.

    Source:
        Seen on MariaDB 10.11: after a clean restart INNODB_SYS_TABLESPACES lists what has been used, 12 of 29.
    """
    prepared = _prepared(evidence)
    at_end = {(one.space_id, one.name) for one in _after(evidence).tablespaces}
    unopened = [one for one in evidence.before.tablespaces if one.discarded and (one.space_id, one.name) in at_end]
    present = {entry.space_id for entry in prepared.files.values()}
    missing = [candidate_paths(one)[0] for one in unopened if one.space_id not in present]
    if missing:
        return doubted(
            f"not in the backup, and not opened by the server since its start: {some(missing)}",
            cause="Either the engine left them out, or they were discarded (ALTER TABLE … DISCARD TABLESPACE).",
            fix="Read from these tables, then take a new backup; import or drop those that were discarded on purpose.",
        )
    return passed(f"all {len(unopened)} tablespaces that the server has not opened yet are in the backup")


def stayed_tablespaces(before: Iterable[Tablespace], after: Iterable[Tablespace]) -> tuple[Tablespace, ...]:
    """Return the tablespaces that must be in a backup, each with the smaller of its two sizes.

    Temporary and discarded ones have nothing to copy; what was created, dropped, rebuilt or renamed meanwhile may or
    may not be in the backup, depending on the moment.
    """
    at_end = {(one.space_id, one.name): one for one in after if not one.discarded}
    stayed = []
    for one in before:
        later = at_end.get((one.space_id, one.name))
        if later is None or one.discarded or one.kind is TablespaceKind.TEMPORARY:
            continue
        stayed.append(later if later.size_bytes < one.size_bytes else one)
    return tuple(stayed)


def _table_problem(tablespace: Tablespace, prepared: DirectoryState, by_space_id: Mapping[int, str]) -> str | None:
    paths = candidate_paths(tablespace)
    path = next((path for path in paths if path in prepared.files), None)
    if path is None:
        elsewhere = by_space_id.get(tablespace.space_id)
        if elsewhere is None:
            return f"{paths[0]} is missing (tablespace {tablespace.space_id})"
        if tablespace.kind is not TablespaceKind.GENERAL:
            return f"{paths[0]} is missing; its tablespace {tablespace.space_id} is in {elsewhere}"
        path = elsewhere
    entry = prepared.files[path]
    if entry.space_id is not None and entry.space_id != tablespace.space_id:
        return f"{path} holds tablespace {entry.space_id}, the server's has id {tablespace.space_id}"
    return _size_problem(path, entry.size_bytes, tablespace) or _unwritten_problem(path, entry)


def _system_problem(tablespace: Tablespace, prepared: DirectoryState, variables: Mapping[str, str]) -> str | None:
    names = system_file_names(variables.get("innodb_data_file_path", ""))
    missing = [name for name in names if name not in prepared.files]
    if missing:
        return f"{missing[0]} is missing (system tablespace)"
    first = prepared.files[names[0]]
    if first.space_id not in {None, 0}:
        return f"{names[0]} holds tablespace {first.space_id}, the system tablespace has id 0"
    return _size_problem(names[0], sum(prepared.files[name].size_bytes for name in names), tablespace)


def _undo_problem(tablespace: Tablespace, prepared: DirectoryState, by_space_id: Mapping[int, str]) -> str | None:
    """Judge by the name alone: truncating an undo tablespace gives it another id and size, in prepare as well."""
    names = [path.rpartition("/")[2] for path in candidate_paths(tablespace)]
    found = any(path.rpartition("/")[2] in names for path in prepared.files)
    if found or tablespace.space_id in by_space_id:
        return None
    return f"{names[0]} is missing (undo tablespace {tablespace.space_id})"


def _size_problem(path: str, size_bytes: int, tablespace: Tablespace) -> str | None:
    if size_bytes >= tablespace.size_bytes:
        return None
    return f"{path} holds {size_bytes} bytes, the server's file {tablespace.size_bytes}: it was cut"


def _unwritten_problem(path: str, entry: FileEntry) -> str | None:
    """Refuse a file of the right name and size that begins with zeros: prepare writes the first page of every one.

    Seen on mariadb-backup 10.11: a table's file whose content was lost, all zeros, is prepared without a word.
    """
    return f"{path} begins with zeros instead of its first page" if entry.space_id is None else None


def _stayed_tables(before: Iterable[EngineTable], after: Iterable[EngineTable]) -> tuple[EngineTable, ...]:
    at_end = frozenset(after)
    return tuple(table for table in before if table in at_end)


def _expected_files(table: EngineTable, vendor: Vendor) -> tuple[str, ...]:
    files = tuple(f"{table.file_stem}{suffix}" for suffix in DATA_FILE_SUFFIXES.get(table.engine.upper(), ()))
    if vendor is not Vendor.MARIADB:
        return files
    return (*files, f"{without_partition(table.file_stem)}.frm")


def _is_ordinary_table(name: str) -> bool:
    table = name.rpartition("/")[2]
    return "/" in name and not table.startswith(("FTS_", "#sql"))


def _verdict(problems: list[str], success: str) -> Answer:
    if not problems:
        return passed(success)
    shown = "; ".join(problems[:PROBLEMS_SHOWN])
    more = f" and {len(problems) - PROBLEMS_SHOWN} more" if len(problems) > PROBLEMS_SHOWN else ""
    return failed(
        f"{shown}{more}",
        cause=LEFT_OUT,
        fix="Check that the data directory is this server's (`octeth-backupctl doctor`), then take a new backup.",
    )


def _prepared(evidence: Evidence) -> DirectoryState:
    return needed(evidence.prepared, "the prepared directory was not looked at")


def _after(evidence: Evidence) -> ServerAfter:
    return needed(evidence.after, "the server could not be asked after the backup")


def _is_mariadb(evidence: Evidence) -> bool:
    return evidence.before.vendor is Vendor.MARIADB


CONDITIONS = (
    PostCondition(
        name="tablespaces_present",
        stage=Stage.PREPARE,
        question="Is every tablespace that the server had all the time in the backup, under its id and whole?",
        answer=tablespaces_present,
    ),
    PostCondition(
        name="unopened_present",
        stage=Stage.PREPARE,
        question="Are those tablespaces in the backup that MariaDB has not opened since its start?",
        answer=unopened_present,
        applies=_is_mariadb,
    ),
    PostCondition(
        name="other_tables_present",
        stage=Stage.PREPARE,
        question="Are the files of every table of another engine in the backup?",
        answer=other_tables_present,
    ),
    PostCondition(
        name="definitions_present",
        stage=Stage.PREPARE,
        question="Does MariaDB's definition file lie beside every InnoDB table?",
        answer=definitions_present,
        applies=_is_mariadb,
    ),
)
