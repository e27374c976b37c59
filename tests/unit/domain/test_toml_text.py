"""Writing TOML."""

from __future__ import annotations

import tomllib

from octeth_backupd.domain.toml_text import toml_text, toml_value


def test_what_is_written_is_what_toml_reads() -> None:
    tables = {
        "servers": {"oempro": {"container": 'a"b\\c', "databases": ["x", "y"]}},
        "backup": {"max_disk_usage_percent": 90, "min_free": "10 GiB"},
        "local": {"keep": False},
        "engines": {"xtrabackup": {"extra_options": ["--a=\x7f"]}},
    }

    assert tomllib.loads(toml_text(tables)) == tables


def test_head_is_a_comment() -> None:
    text = toml_text({"a": {"b": 1}}, head=["hello", "world"])

    assert text == "# hello\n# world\n\n[a]\nb = 1\n"


def test_booleans_are_lower_case() -> None:
    assert toml_value(value=True) == "true"
