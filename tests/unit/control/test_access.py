"""Who may read and who may change."""

import grp
import os
from collections.abc import Callable

import pytest

from octeth_backupd.control.access import Access, access_from, group_id
from octeth_backupd.control.peers import Peer
from octeth_backupd.control.settings import ControlSettings
from octeth_backupd.errors import ConfigurationError, PermissionDeniedError

ACCESS = Access(own_uid=999, group="readers", group_gid=500, admin_group="admins", admin_gid=600)
ROOT_ONLY = Access(own_uid=0, group="readers", group_gid=None)


def peer(uid: int, *groups: int) -> Peer:
    return Peer(pid=1, uid=uid, groups=frozenset(groups))


def is_allowed(check: Callable[[Peer], None], who: Peer) -> bool:
    try:
        check(who)
    except PermissionDeniedError:
        return False
    return True


@pytest.mark.parametrize("allowed", [peer(0), peer(999), peer(1000, 1000, 500), peer(1000, 600)])
def test_root_the_daemon_itself_and_both_groups_may_read(allowed: Peer) -> None:
    assert is_allowed(ACCESS.check_read, allowed)


@pytest.mark.parametrize("access", [ACCESS, ROOT_ONLY])
def test_a_stranger_may_not_read_and_is_told_which_group_is_needed(access: Access) -> None:
    with pytest.raises(PermissionDeniedError, match="not a member of the group readers") as caught:
        access.check_read(peer(1000, 1000))

    assert "add the user to the group readers" in caught.value.hint


@pytest.mark.parametrize("allowed", [peer(0), peer(999), peer(1000, 600)])
def test_root_the_daemon_itself_and_the_admin_group_may_change(allowed: Peer) -> None:
    assert is_allowed(ACCESS.check_change, allowed)


def test_a_reader_may_not_change_and_is_told_which_group_may() -> None:
    with pytest.raises(PermissionDeniedError, match="not a member of the group admins"):
        ACCESS.check_change(peer(1000, 500))


def test_without_an_admin_group_a_reader_is_told_that_only_root_may_change() -> None:
    with pytest.raises(PermissionDeniedError, match="only root may") as caught:
        ROOT_ONLY.check_change(peer(1000, 500))

    assert "control.admin_group" in caught.value.hint


def test_a_group_that_does_not_exist_makes_no_group_a_member() -> None:
    access = access_from(ControlSettings(group="no-such-group-here"))

    assert access.group_gid is None
    assert access.own_uid == os.geteuid()


def test_an_admin_group_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="there is no group no-such-group-here"):
        access_from(ControlSettings(admin_group="no-such-group-here"))


def test_groups_are_found_by_name() -> None:
    known = grp.getgrgid(0)

    assert group_id(known.gr_name) == 0
    assert access_from(ControlSettings(group=known.gr_name, admin_group=known.gr_name)).admin_gid == 0
