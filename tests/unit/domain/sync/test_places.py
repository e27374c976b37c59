"""What keys say."""

from __future__ import annotations

import pytest

from octeth_backupd.domain.backup import Tier
from octeth_backupd.domain.sync.places import FoundFile, Place, place_of, short_id, sorted_out
from tests.fakes.catalog_values import START

NAME = "octeth-backup-2026-11-22_02-00-00.tar.zst"
KEY = f"oempro/daily/{NAME}"


def file(key: str) -> FoundFile:
    return FoundFile(key=key, size_bytes=1, modified_at=START)


def test_an_archives_key_says_server_tier_and_name() -> None:
    assert place_of(KEY) == Place(server="oempro", tier=Tier.DAILY, short_id="", name=NAME)


def test_a_directory_of_an_installation_may_lie_between() -> None:
    assert place_of(f"oempro/daily/0f3a9c12/{NAME}") == Place(
        server="oempro", tier=Tier.DAILY, short_id="0f3a9c12", name=NAME
    )
    assert short_id("0f3a9c12" + "0" * 24) == "0f3a9c12"


@pytest.mark.parametrize(
    "key",
    [
        NAME,
        f"daily/{NAME}",
        f"oempro/hourly/{NAME}",
        f"../daily/{NAME}",
        f"oempro/daily/../{NAME}",
        f"oempro/daily/0F3A9C12/{NAME}",
        f"oempro/daily/a/b/{NAME}",
        f"/oempro/daily/{NAME}",
        f"oempro/daily/{NAME}\n",
        f"oem\x1bpro/daily/{NAME}",
        "oempro/daily/octeth-backup-2026-13-22_02-00-00.tar.zst",
        f"daily/daily/{NAME}",
    ],
)
def test_other_keys_are_no_archives(key: str) -> None:
    assert place_of(key) is None


def test_files_are_sorted_out_by_what_they_are() -> None:
    bash_tool = "daily/octeth-backup-2026-01-01_02-00-00.tar.gz"
    listing = sorted_out(
        file(key)
        for key in (
            KEY,
            f"{KEY}.sha256",
            f"{KEY}.json",
            f"oempro/weekly/{NAME}.json",
            f"oempro/monthly/{NAME}.json.sha256",
            f"oempro/state-{'0' * 32}.json",
            bash_tool,
            f"/{bash_tool}.sha256",
            "oempro/notes.txt",
        )
    )

    assert listing.archive_keys == {KEY, f"oempro/weekly/{NAME}"}
    assert len(listing.at(KEY).files) == 3
    assert listing.at(f"oempro/weekly/{NAME}").archive is None
    assert [one.key for one in listing.states] == [f"oempro/state-{'0' * 32}.json"]
    assert [one.key for one in listing.legacy] == [bash_tool, f"/{bash_tool}.sha256"]
    assert [one.key for one in listing.others] == [f"oempro/monthly/{NAME}.json.sha256", "oempro/notes.txt"]
