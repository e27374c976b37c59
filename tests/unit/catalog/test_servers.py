"""Servers and the succession of their identities."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from octeth_backupd.domain.server import ServerIdentity, Vendor
from tests.fakes.catalog_values import START

if TYPE_CHECKING:
    from octeth_backupd.catalog.store import Catalog

FIRST = ServerIdentity(vendor=Vendor.MARIADB, server_id=1, hostname="db", data_device=2**63 + 5, data_inode=2**64 - 1)
SECOND = replace(FIRST, data_inode=7)
HOUR = timedelta(hours=1)


def test_server_seen_again_is_one_identity_seen_longer(catalog: Catalog) -> None:
    catalog.record_server("oempro", FIRST, START)
    catalog.record_server("oempro", FIRST, START + HOUR)

    assert catalog.server_identities("oempro") == [(FIRST, START, START + HOUR)]


def test_another_identity_succeeds_the_one_before(catalog: Catalog) -> None:
    catalog.record_server("oempro", FIRST, START)
    catalog.record_server("oempro", SECOND, START + HOUR)

    assert catalog.server_identities("oempro") == [
        (FIRST, START, START),
        (SECOND, START + HOUR, START + HOUR),
    ]


def test_identity_that_returns_is_a_succession_of_three(catalog: Catalog) -> None:
    for hours, identity in enumerate([FIRST, SECOND, FIRST]):
        catalog.record_server("oempro", identity, START + hours * HOUR)

    assert [identity for identity, _, _ in catalog.server_identities("oempro")] == [FIRST, SECOND, FIRST]


def test_servers_do_not_share_identities(catalog: Catalog) -> None:
    catalog.record_server("oempro", FIRST, START)
    catalog.record_server("other", SECOND, START)

    assert catalog.server_identities("other") == [(SECOND, START, START)]


def test_server_never_seen_has_no_identity(catalog: Catalog) -> None:
    assert catalog.server_identities("oempro") == []
