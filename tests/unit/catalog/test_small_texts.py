"""Small texts by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from octeth_backupd.catalog.store import Catalog


def test_small_facts_are_kept_and_replaced(catalog: Catalog) -> None:
    catalog.set_meta("boot_id", "one")
    catalog.set_meta("boot_id", "two")

    assert catalog.meta("boot_id") == "two"
    assert catalog.meta("never set") is None


def test_version_of_the_schema_is_no_text_that_anybody_may_set(catalog: Catalog) -> None:
    with pytest.raises(ValueError, match="migrations"):
        catalog.set_meta("schema_version", "99")
