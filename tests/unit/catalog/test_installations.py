"""Whose backups are ours, and what that means for "latest"."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from octeth_backupd.errors import NotFoundError
from tests.fakes.catalog_values import START, make_backup

if TYPE_CHECKING:
    from octeth_backupd.catalog.store import Catalog

DAY = timedelta(days=1)


def test_ours_are_our_own_and_those_taken_over(catalog: Catalog) -> None:
    nobody = catalog.installations.ours()
    catalog.installations.set_own("own")
    catalog.installations.adopt("lost", by="uid 0", at=START)
    catalog.installations.adopt("lost", by="uid 7", at=START + DAY)

    assert nobody == frozenset()
    assert catalog.installations.ours() == {"own", "lost"}
    assert [adopted.adopted_by for adopted in catalog.installations.adopted()] == ["uid 0"]


def test_newer_backup_of_another_installation_is_never_latest_beside_one_of_ours(catalog: Catalog) -> None:
    catalog.installations.set_own("own")
    catalog.add_backup(make_backup(installation_id="own"))
    catalog.add_backup(make_backup(taken_at=START + DAY, installation_id="neighbour"))

    latest, last_good = catalog.find_backup("latest"), catalog.last_good_backup("oempro")

    assert latest.installation_id == "own"
    assert last_good == latest


def test_on_a_new_host_latest_is_that_of_the_one_lost_host(catalog: Catalog) -> None:
    catalog.installations.set_own("own")
    catalog.add_backup(make_backup(installation_id="lost"))
    catalog.add_backup(make_backup(taken_at=START + DAY, installation_id="lost"))

    assert catalog.find_backup("latest").taken_at == START + DAY


def test_latest_of_two_other_installations_is_not_guessed(catalog: Catalog) -> None:
    catalog.installations.set_own("own")
    catalog.add_backup(make_backup(installation_id="lost"))
    catalog.add_backup(make_backup(taken_at=START + DAY, installation_id="neighbour"))

    with pytest.raises(NotFoundError, match="lost, neighbour") as refused:
        catalog.find_backup("latest")

    assert "--adopt" in refused.value.hint
    assert catalog.last_good_backup("oempro") is None


def test_backups_of_an_adopted_installation_are_latest_like_ours(catalog: Catalog) -> None:
    catalog.installations.set_own("own")
    catalog.add_backup(make_backup(installation_id="own"))
    catalog.add_backup(make_backup(taken_at=START + DAY, installation_id="lost"))

    catalog.installations.adopt("lost", by="uid 0", at=START)

    assert catalog.find_backup("latest").installation_id == "lost"


def test_where_only_ours_are_asked_for_a_lost_host_s_backup_is_not_the_last_good_one(catalog: Catalog) -> None:
    catalog.installations.set_own("own")
    catalog.add_backup(make_backup(installation_id="lost"))

    assert catalog.last_good_backup("oempro") is not None
    assert catalog.last_good_backup("oempro", ours_only=True) is None
