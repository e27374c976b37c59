"""What is counted of an installation."""

from octeth_backupd.domain.backup import CopyState, Tier
from octeth_backupd.domain.figures import CatalogFigures, CopyFigures, StoredCopies


def test_what_is_stored_of_one_server_is_in_the_order_of_storages_and_tiers() -> None:
    one = CopyFigures(count=2, size_bytes=10)
    figures = CatalogFigures(
        copies={
            ("oempro", Tier.WEEKLY, "s3", CopyState.PENDING): one,
            ("oempro", Tier.WEEKLY, "local", CopyState.PRESENT): one,
            ("shop", Tier.DAILY, "local", CopyState.PRESENT): one,
            ("oempro", Tier.DAILY, "local", CopyState.PRESENT): one,
        }
    )

    found = figures.stored("oempro")

    assert [(each.storage, each.tier) for each in found] == [
        ("local", Tier.DAILY),
        ("local", Tier.WEEKLY),
        ("s3", Tier.WEEKLY),
    ]
    assert found[2] == StoredCopies(storage="s3", tier=Tier.WEEKLY, state=CopyState.PENDING, copies=2, size_bytes=10)
    assert figures.stored("gone") == ()
