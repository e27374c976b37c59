"""domain.restore.members."""

from __future__ import annotations

from pathlib import PurePosixPath

import pytest

from octeth_backupd.domain.restore.members import MemberKind, check_member
from octeth_backupd.errors import VerificationError


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("ibdata1", "ibdata1"),
        ("./ibdata1", "ibdata1"),
        ("octeth-backup/shop//orders.ibd", "octeth-backup/shop/orders.ibd"),
        ("a..b/..c", "a..b/..c"),
        ("#innodb_redo/#ib_redo1", "#innodb_redo/#ib_redo1"),
        ("shop/caf\udcc3.ibd", "shop/caf\udcc3.ibd"),
    ],
)
def test_files_are_let_in_under_their_path(name: str, path: str) -> None:
    assert check_member(name, MemberKind.FILE) == PurePosixPath(path)


def test_top_itself_is_a_directory_without_parts() -> None:
    assert check_member("./", MemberKind.DIRECTORY).parts == ()


@pytest.mark.parametrize(
    "name",
    [
        "/etc/passwd",
        "//etc/passwd",
        "../x",
        "a/../../x",
        "a/..",
        "..",
        ".",
        "",
        "a\0b",
        "x" * 256,
        "/".join(["directory"] * 500),
    ],
)
def test_paths_that_lead_elsewhere_or_nowhere_are_refused(name: str) -> None:
    with pytest.raises(VerificationError):
        check_member(name, MemberKind.FILE)


@pytest.mark.parametrize("kind", set(MemberKind) - {MemberKind.FILE, MemberKind.DIRECTORY})
def test_everything_but_files_and_directories_is_refused_and_named(kind: MemberKind) -> None:
    with pytest.raises(VerificationError, match=kind.value):
        check_member("shop/orders.ibd", kind)


def test_message_says_where_a_link_leads() -> None:
    with pytest.raises(VerificationError, match="'/etc/shadow'"):
        check_member("shop", MemberKind.SYMBOLIC_LINK, "/etc/shadow")


def test_deeper_directories_than_can_be_walked_are_refused() -> None:
    assert check_member("/".join("d" * 64), MemberKind.DIRECTORY)
    with pytest.raises(VerificationError, match="65 parts"):
        check_member("/".join("d" * 65), MemberKind.DIRECTORY)
