"""How a backup is made: ``[backup]``, ``[compression]`` and ``[engines.xtrabackup]``."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING

from octeth_backupd.domain.legacy.report import Fate

if TYPE_CHECKING:
    from octeth_backupd.domain.legacy.draft import Draft
    from octeth_backupd.domain.legacy.surroundings import Surroundings

_NAME = re.compile(r"--[A-Za-z][A-Za-z0-9_-]*", re.ASCII)
_USUAL_LEVEL = 6
_HIGHEST_GZIP = 9
_MOST_THREADS = 64
_LARGEST_GB = 1 << 20


def translate_run(draft: Draft, around: Surroundings) -> None:
    """Write limits, compression and the engine's options."""
    _limits(draft)
    _compression(draft)
    _threads(draft)
    program = draft.text("XTRABACKUP_BIN", instead="[engines.xtrabackup] program")
    if program not in ("", "xtrabackup"):
        draft.take("XTRABACKUP_BIN", "engines.xtrabackup.program", program)
    _extra_options(draft, around)
    verify = draft.text("VERIFY_BACKUP")
    if verify:
        draft.note(
            Fate.CHANGED, "VERIFY_BACKUP",
            "every backup is prepared, checked and read back, whatever it said"
            + ("" if verify == "true" else '; [backup] verify = "none" leaves out the reading back'),
        )  # fmt: skip


def _limits(draft: Draft) -> None:
    percent = draft.number("MAX_DISK_USAGE", lowest=1, highest=100, default="85 holds")
    if percent is not None:
        draft.take("MAX_DISK_USAGE", "backup.max_disk_usage_percent", percent)
    free_gb = draft.number("MIN_FREE_SPACE_GB", lowest=0, highest=_LARGEST_GB, default="1 GiB holds")
    if free_gb is not None:
        draft.take("MIN_FREE_SPACE_GB", "backup.min_free", f"{free_gb} GiB")
    if percent is not None or free_gb is not None:
        draft.note(
            Fate.CHANGED, "MAX_DISK_USAGE, MIN_FREE_SPACE_GB",
            "are looked at before and during a run, on the file systems that it writes to",
        )  # fmt: skip
    if draft.configuration.is_set("BACKUP_TIMEOUT"):
        draft.note(
            Fate.IGNORED, "BACKUP_TIMEOUT",
            "never had an effect, and would now end backups that take longer; [backup] timeout_seconds is the limit",
        )  # fmt: skip


def _compression(draft: Draft) -> None:
    tool = draft.text("COMPRESSION_TOOL", instead="[compression] algorithm") or "auto"
    level = draft.number("COMPRESSION_LEVEL", lowest=1, highest=_HIGHEST_GZIP, default="the usual level holds")
    if tool == "auto" and level in (None, _USUAL_LEVEL):
        draft.note(Fate.CHANGED, "COMPRESSION_TOOL, COMPRESSION_LEVEL", "were the usual ones: new archives are zstd")
    elif tool in ("auto", "pigz", "gzip"):
        draft.put("compression.algorithm", "gzip")
        draft.put("compression.level", level or _USUAL_LEVEL)
        draft.note(
            Fate.TAKEN, "COMPRESSION_TOOL, COMPRESSION_LEVEL",
            f'[compression] algorithm = "gzip", level = {level or _USUAL_LEVEL}; zstd is faster and smaller',
        )  # fmt: skip
    else:
        draft.note(Fate.IGNORED, "COMPRESSION_TOOL, COMPRESSION_LEVEL", "name no gzip; new archives are zstd")


def _threads(draft: Draft) -> None:
    text = draft.text("PARALLEL_THREADS", instead="[backup] parallel")
    if text in ("", "auto"):
        return
    threads = draft.number("PARALLEL_THREADS", lowest=1, highest=_MOST_THREADS, default="the number of cores holds")
    if threads is not None:
        draft.take("PARALLEL_THREADS", "backup.parallel", threads)


def _extra_options(draft: Draft, around: Surroundings) -> None:
    name = "XTRABACKUP_EXTRA_OPTS"
    text = draft.text(name, instead="[engines.xtrabackup] extra_options")
    if not text:
        return
    try:
        options = shlex.split(text)
    except ValueError:
        options = []
    if options != text.split():
        draft.note(Fate.BY_HAND, name, "holds quotes, which bash left in; write [engines.xtrabackup] extra_options")
        return
    allowed = [option for option in options if around.option_problem(option) is None]
    for option in options:
        problem = around.option_problem(option)
        if problem is not None:
            draft.note(Fate.IGNORED, name, f"{_shown(option)} is refused: {_reason(problem, option)}")
    if allowed:
        draft.take(name, "engines.xtrabackup.extra_options", allowed)


def _shown(option: str) -> str:
    """Return the name of an option without its value, which may be a password."""
    match = _NAME.match(option)
    return match[0] if match else "one that does not begin with two hyphens"


def _reason(problem: str, option: str) -> str:
    return problem.partition(": ")[2] or "it is not understood" if _NAME.match(option) else "write --name=value"
