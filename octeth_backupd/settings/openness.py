"""Who besides root may read or write a file that the daemon trusts: its configuration, and those of its secrets."""

from __future__ import annotations

import grp
import os
import pwd
import stat


def other_readers(status: os.stat_result) -> str:
    """Return "every user" where that is who may read a file, else an empty text."""
    return "every user" if status.st_mode & stat.S_IROTH else ""


def other_writers(status: os.stat_result) -> str:
    """Return who may write a file besides root and the user who asks, in words; an empty text for nobody."""
    if status.st_mode & stat.S_IWOTH:
        return "every user"
    if status.st_mode & stat.S_IWGRP and status.st_gid != 0:
        return f"the group {_group_name(status.st_gid)}"
    if status.st_uid not in {0, os.geteuid()}:
        return f"the user {_user_name(status.st_uid)}, to whom it belongs,"
    return ""


def _group_name(gid: int) -> str:
    try:
        return grp.getgrgid(gid).gr_name
    except KeyError:
        return str(gid)


def _user_name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
