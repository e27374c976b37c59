from __future__ import annotations

from octeth_backupd.settings.suggestions import closest, did_you_mean, hint_for_unknown_key


def test_close_word_is_suggested() -> None:
    assert closest("directry", ("directory", "keep")) == "directory"
    assert did_you_mean("directry", ("directory", "keep")) == "Did you mean directory?"


def test_without_a_close_word_all_are_listed() -> None:
    assert did_you_mean("colour", ("directory", "keep")) == "Known here: directory, keep."


def test_word_of_a_later_release_is_explained() -> None:
    assert "later release" in did_you_mean("encryption", ("local",))


def test_key_of_another_table_is_found() -> None:
    assert hint_for_unknown_key(("backup", "algorithm"), ("mode",)) == "Did you mean compression.algorithm?"
