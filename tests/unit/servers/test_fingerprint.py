"""The coarse picture of the databases that are looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from octeth_backupd.servers.fingerprint import SchemaSize, read_fingerprint

if TYPE_CHECKING:
    from collections.abc import Sequence

    from octeth_backupd.servers.session import Session


class _Session:
    def rows(self, _sql: str, args: Sequence[object] = ()) -> list[dict[str, Any]]:
        known = {"oempro": {"TABLES": 41, "ROW_ESTIMATE": "12000"}}
        return [known.get(str(args[0]), {"TABLES": 0, "ROW_ESTIMATE": 0})]


def test_each_schema_has_its_size_and_an_absent_one_has_no_tables() -> None:
    found = read_fingerprint(cast("Session", _Session()), ["oempro", "gone"])

    assert found == {
        "oempro": SchemaSize(tables=41, approximate_rows=12_000),
        "gone": SchemaSize(tables=0, approximate_rows=0),
    }
