"""The object graph of one configuration."""

from __future__ import annotations

from typing import TYPE_CHECKING

from octeth_backupd.domain.backup import Mode
from tests.fakes.uploads import Remote

if TYPE_CHECKING:
    from tests.fakes.bench import Bench


def test_the_mode_is_the_configured_one_as_the_domain_spells_it(bench: Bench) -> None:
    assert bench.parts().mode is Mode.PREPARED


def test_backups_are_stored_in_the_local_storages_and_uploaded_to_the_remote_ones(bench: Bench) -> None:
    s3, offsite = Remote("s3"), Remote("offsite")

    parts = bench.parts(storages=(bench.storage, s3, offsite))

    assert parts.local_storages == (bench.storage,)
    assert list(parts.remote_storages.items()) == [("s3", s3), ("offsite", offsite)]
