"""Who deletes a copy says so first, and never of the last one that stays."""

from __future__ import annotations

from typing import TYPE_CHECKING

from octeth_backupd.domain.backup import CopyState
from octeth_backupd.domain.retention.copy_detail import EXPIRING
from tests.fakes.catalog_values import START, make_backup

if TYPE_CHECKING:
    from octeth_backupd.catalog.store import Catalog
    from octeth_backupd.domain.backup import Copy


def two_copies(catalog: Catalog) -> dict[str, Copy]:
    backup = make_backup(copies={"local": CopyState.PRESENT, "s3": CopyState.PRESENT})
    catalog.installations.set_own(backup.installation_id)
    catalog.add_backup(backup)
    return {copy.storage: copy for copy in backup.copies}


def test_of_two_copies_that_go_for_each_others_sake_one_stays(catalog: Catalog) -> None:
    copies = two_copies(catalog)

    assert catalog.claims.claim(copies["s3"], staying={"local"})
    assert not catalog.claims.claim(copies["local"], staying={"s3"})
    assert [copy.storage for copy in catalog.claims.claimed("oempro")] == ["s3"]


def test_a_copy_that_is_lost_is_no_reason_for_another_to_go(catalog: Catalog) -> None:
    copies = two_copies(catalog)
    catalog.set_copy_state(copies["s3"].backup_id, "s3", CopyState.MISSING, at=START)

    assert not catalog.claims.claim(copies["local"], staying={"s3", "local"})
    assert catalog.claims.claim(copies["local"], staying=())


def test_a_copy_that_changed_since_is_not_claimed(catalog: Catalog) -> None:
    copies = two_copies(catalog)
    catalog.set_copy_state(copies["local"].backup_id, "local", CopyState.CORRUPT, at=START)

    assert not catalog.claims.claim(copies["local"], staying={"s3"})


def test_a_claim_given_up_leaves_the_copy_as_it_was(catalog: Catalog) -> None:
    copies = two_copies(catalog)
    catalog.claims.claim(copies["local"], staying={"s3"})
    (claimed,) = catalog.claims.claimed("oempro")

    assert claimed.detail == EXPIRING
    assert catalog.claims.release(claimed)
    assert catalog.backup(claimed.backup_id).copies[0] == copies["local"]
    assert not catalog.claims.release(claimed)
