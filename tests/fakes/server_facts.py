"""Facts of servers that do not exist."""

from __future__ import annotations

from octeth_backupd.domain.server import Address, ServerFacts, ServerIdentity, Vendor, parse_version


def make_facts(
    version_text: str,
    *,
    vendor: Vendor = Vendor.MYSQL,
    variables: dict[str, str] | None = None,
    address: Address | None = None,
) -> ServerFacts:
    """Return the facts of an otherwise empty server."""
    return ServerFacts(
        address=address or Address(host="127.0.0.1"),
        user="root",
        vendor=vendor,
        version=parse_version(version_text),
        version_text=version_text,
        version_comment="",
        identity=ServerIdentity(vendor=vendor),
        variables={"datadir": "/var/lib/mysql/", "port": "3306", **(variables or {})},
        persisted_variables={},
        grants=(),
        tablespaces=(),
        other_tables=(),
        engine_counts={},
        long_transactions=(),
        lsn=None,
        redo_capacity_bytes=0,
        gtid="",
        encryption=(),
    )
