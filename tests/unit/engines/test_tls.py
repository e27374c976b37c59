"""engines.tls."""

from __future__ import annotations

from pathlib import Path

import pytest

from octeth_backupd.engines.tls import Tls, tls_options


@pytest.mark.parametrize(
    ("engine", "tls", "expected"),
    [
        ("xtrabackup", "preferred", {}),
        ("xtrabackup", "required", {"ssl-mode": "REQUIRED"}),
        ("xtrabackup", "disabled", {"ssl-mode": "DISABLED"}),
        ("mariadb-backup", "preferred", {}),
        ("mariadb-backup", "required", {"ssl": "1"}),
        ("mariadb-backup", "disabled", {"ssl": "0"}),
    ],
)
def test_setting_is_spelt_as_the_engine_knows_it(engine: str, tls: Tls, expected: dict[str, str]) -> None:
    assert tls_options(engine, tls=tls, tls_ca=None) == expected


def test_certificates_mean_that_the_server_is_verified() -> None:
    certificates = Path("/etc/ca.pem")

    assert tls_options("xtrabackup", tls="preferred", tls_ca=certificates) == {
        "ssl-mode": "VERIFY_CA",
        "ssl-ca": "/etc/ca.pem",
    }
    assert tls_options("mariadb-backup", tls="preferred", tls_ca=certificates)["ssl-verify-server-cert"] == "1"
