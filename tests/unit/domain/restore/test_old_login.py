"""Whether a restore left another password than the configured one."""

from __future__ import annotations

from typing import Any

import pytest

from octeth_backupd.domain.backup import Operation, RunStatus
from octeth_backupd.domain.restore.old_login import NO_LOGIN, OLD_LOGIN, left_old_login, put_data_in_place
from tests.fakes.catalog_values import make_run


@pytest.mark.parametrize(
    ("causes", "expected"), [([OLD_LOGIN], True), ([NO_LOGIN], True), (["s3: no"], False), (None, False)]
)
def test_the_reason_why_it_is_degraded_tells_of_the_old_password(causes: list[str] | None, *, expected: bool) -> None:
    detail = {} if causes is None else {"degraded": causes}
    run = make_run(operation=Operation.RESTORE, status=RunStatus.DEGRADED, detail=detail)

    assert left_old_login(run) is expected


@pytest.mark.parametrize(
    ("detail", "expected"),
    [
        ({"restore_id": "r", "safety_copy": []}, True),
        ({"restore_id": "r", "state": "committed"}, True),
        ({"restore_id": "r", "state": "rolled_back"}, False),
        ({"restore_id": "r", "outcome": "what was half unpacked is removed"}, False),
    ],
)
def test_only_a_committed_restore_put_other_data_in_place(detail: dict[str, Any], *, expected: bool) -> None:
    assert put_data_in_place(make_run(operation=Operation.RESOLVE, detail=detail)) is expected
