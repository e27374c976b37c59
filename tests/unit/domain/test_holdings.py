"""Proof levels."""

from octeth_backupd.domain.holdings import ProofLevel


def test_levels_are_in_the_order_in_which_they_prove_more() -> None:
    assert sorted(ProofLevel, key=lambda level: level.rank) == list(ProofLevel)
    assert ProofLevel.STARTED.rank > ProofLevel.READ_BACK.rank
