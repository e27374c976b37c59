"""The object graph of one configuration."""

from __future__ import annotations

from typing import TYPE_CHECKING

from octeth_backupd.domain.backup import Mode

if TYPE_CHECKING:
    from tests.fakes.bench import Bench


def test_the_mode_is_the_configured_one_as_the_domain_spells_it(bench: Bench) -> None:
    assert bench.parts().mode is Mode.PREPARED
