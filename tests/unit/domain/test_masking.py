"""Secrets in variables and arguments."""

from __future__ import annotations

import pytest

from octeth_backupd.domain.masking import MASK, mask_arguments, mask_text, mask_variables, may_hold_secret


@pytest.mark.parametrize(
    "name",
    [
        "report_password",
        "wsrep_sst_auth",
        "authentication_ldap_simple_bind_root_pwd",
        "keyring_hashicorp_secret_id",
        "hashicorp_key_management_token",
        "file_key_management_filekey",
        "loose-report-password",
        "REPORT_PASSWORD",
    ],
)
def test_variables_that_hold_secrets_are_known(name: str) -> None:
    assert may_hold_secret(name)


@pytest.mark.parametrize(
    "name",
    [
        "validate_password.policy",
        "validate_password_length",
        "default_password_lifetime",
        "caching_sha2_password_digest_rounds",
        "password_history",
        "old_passwords",
        "authentication_policy",
        "default_authentication_plugin",
        "innodb_ft_max_token_size",
        "ngram_token_size",
        "ft_min_word_len",
        "datadir",
        "gtid_executed",
    ],
)
def test_rules_about_passwords_are_no_secrets(name: str) -> None:
    assert not may_hold_secret(name)


def test_secret_variable_is_masked_and_an_empty_one_stays_empty() -> None:
    variables = {"report_password": "canary", "wsrep_sst_auth": "", "datadir": "/var/lib/mysql/"}

    assert mask_variables(variables) == {
        "datadir": "/var/lib/mysql/",
        "report_password": MASK,
        "wsrep_sst_auth": "",
    }


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("host=db;password=canary;port=1", f"host=db;password={MASK};port=1"),
        ("https://vault:canary@example.com/", f"https://vault:{MASK}@example.com/"),
        ("MYSQL_PWD=canary mysqld", f"MYSQL_PWD={MASK} mysqld"),
        ("'--report-password=canary'", f"'--report-password={MASK}'"),
        ("validate_password=validate_password.so", "validate_password=validate_password.so"),
        ("a=1 password = canary", f"a=1 password = {MASK}"),
        ("SET @a='x', @secret='canary'", f"SET @a='x', @secret={MASK}"),
        ("gcomm://10.0.0.1:4567,10.0.0.2", "gcomm://10.0.0.1:4567,10.0.0.2"),
        ("3E11FA47-71CA-11E1-9E33-C80AA9429562:1-5", "3E11FA47-71CA-11E1-9E33-C80AA9429562:1-5"),
        ("/etc/mysql/passwords/file", "/etc/mysql/passwords/file"),
    ],
)
def test_secrets_inside_values_are_masked_and_other_text_stays(text: str, masked: str) -> None:
    assert mask_text(text) == masked


def test_masking_twice_is_masking_once() -> None:
    once = mask_variables({"report_password": "canary", "url": "https://u:canary@x", "o": "token=canary"})

    assert mask_variables(once) == once


@pytest.mark.parametrize(
    ("arguments", "masked"),
    [
        (["--report-password=canary"], (f"--report-password={MASK}",)),
        (["--report_password", "canary", "--port", "1"], ("--report_password", MASK, "--port", "1")),
        (["--report-password", "--port=3306"], ("--report-password", "--port=3306")),
        (["--validate-password=FORCE_PLUS_PERMANENT"], ("--validate-password=FORCE_PLUS_PERMANENT",)),
        (["mysqld", "--datadir=/data"], ("mysqld", "--datadir=/data")),
        (["sh", "-c", "exec mysqld --report-password=canary"], ("sh", "-c", f"exec mysqld --report-password={MASK}")),
    ],
)
def test_secret_arguments_are_masked_however_they_are_given(arguments: list[str], masked: tuple[str, ...]) -> None:
    assert mask_arguments(arguments) == masked
