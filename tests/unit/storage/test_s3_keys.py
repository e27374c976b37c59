"""Keys and the objects that hold them."""

from __future__ import annotations

import pytest

from octeth_backupd.errors import StorageError
from octeth_backupd.storage.s3_keys import key_of, object_key, object_prefix


def test_key_and_object_lead_to_each_other() -> None:
    assert object_key("octeth", "o/daily/x") == "octeth/o/daily/x"
    assert key_of("octeth", "octeth/o/daily/x") == "o/daily/x"
    assert object_key("", "o/daily/x") == key_of("", "o/daily/x") == "o/daily/x"


def test_key_of_the_bash_tool_can_be_read_but_not_written_and_only_without_prefix() -> None:
    assert object_key("", "/daily/x") == key_of("", "/daily/x") == "/daily/x"
    with pytest.raises(StorageError):
        object_key("", "/daily/x", for_writing=True)
    with pytest.raises(StorageError):
        object_key("octeth", "/daily/x")


@pytest.mark.parametrize("found", ["octeth", "octeth/", "octeth2/x", "other/x", "octeth/.probe", "octeth//x", "x"])
def test_object_that_is_none_of_ours_has_no_key(found: str) -> None:
    assert key_of("octeth", found) is None


@pytest.mark.parametrize("found", ["daily/", "//x", "/.x", ".x", "a//b"])
def test_object_at_the_top_that_is_none_of_ours_has_no_key(found: str) -> None:
    assert key_of("", found) is None


@pytest.mark.parametrize(
    ("prefix", "beginning", "expected"),
    [
        ("octeth", "", "octeth/"),
        ("octeth", "o/da", "octeth/o/da"),
        ("octeth", "/", None),
        ("octeth", "../", None),
        ("octeth", ".", None),
        ("", "", ""),
        ("", "/daily/", "/daily/"),
        ("", "/", "/"),
        ("", "//", None),
    ],
)
def test_beginnings_that_no_key_has_are_known(prefix: str, beginning: str, expected: str | None) -> None:
    assert object_prefix(prefix, beginning) == expected
