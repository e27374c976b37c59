"""The question of check and last-good."""

import argparse

import pytest

from octeth_backupd.cli.ctl.failure import CommandFailedError
from octeth_backupd.cli.ctl.freshness import add_requirements, ask_freshness
from octeth_backupd.domain.freshness import Requirements
from octeth_backupd.domain.holdings import ProofLevel
from tests.fakes.services import FakeServices
from tests.fakes.terminal import FakeConnection


def _arguments(*argv: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--server")
    add_requirements(parser, max_age="26h")
    return parser.parse_args(argv)


def test_options_are_asked_in_base_units() -> None:
    services = FakeServices()

    ask_freshness(
        _arguments("--min-size", "1GiB", "--proof", "L3", "--storage", "s3"),
        FakeConnection(services),  # type: ignore[arg-type]
    )

    [(_, asked)] = services.requests
    assert asked["requirements"] == Requirements(
        max_age_seconds=93600, min_size_bytes=1 << 30, proof=ProofLevel.STARTED, storage="s3"
    )


@pytest.mark.parametrize("argv", [("--max-age", "soon"), ("--min-size", "big")])
def test_an_amount_that_makes_no_sense_names_its_option(argv: tuple[str, str]) -> None:
    with pytest.raises(CommandFailedError, match=f"{argv[0]}: not a .*; write it like"):
        ask_freshness(_arguments(*argv), FakeConnection(FakeServices()))  # type: ignore[arg-type]
