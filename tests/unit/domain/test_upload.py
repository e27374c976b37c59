"""When a local copy is not needed any more."""

from __future__ import annotations

import pytest

from octeth_backupd.domain.backup import CopyState
from octeth_backupd.domain.upload import local_is_spare
from tests.fakes.catalog_values import make_copy

P, U, H, M, C, R, D = (
    CopyState.PENDING,
    CopyState.UPLOADING,
    CopyState.PRESENT,
    CopyState.MISSING,
    CopyState.CORRUPT,
    CopyState.RETAINED,
    CopyState.DELETED,
)


@pytest.mark.parametrize(
    ("local", "others", "is_spare"),
    [
        (H, {"s3": H}, True),
        (H, {"s3": R}, True),
        (H, {"s3": H, "offsite": H}, True),
        (H, {"s3": H, "offsite": D}, True),
        (H, {}, False),
        (H, {"s3": D}, False),
        (H, {"s3": H, "offsite": P}, False),
        (H, {"s3": H, "offsite": U}, False),
        (H, {"s3": H, "offsite": M}, False),
        (H, {"s3": H, "offsite": C}, False),
        (D, {"s3": H}, False),
        (C, {"s3": H}, False),
    ],
)
def test_a_local_copy_is_spare_when_all_others_are_where_they_belong(
    local: CopyState, others: dict[str, CopyState], is_spare: bool
) -> None:
    copies = [make_copy("oempro-1", storage, state) for storage, state in {"local": local, **others}.items()]

    assert local_is_spare(copies) is is_spare


def test_without_a_local_copy_there_is_nothing_to_spare() -> None:
    assert not local_is_spare([make_copy("oempro-1", "s3")])
