"""Errors of a length that people read."""

from octeth_backupd.domain.shortening import LONGEST_ERROR_BYTES, shortened


def test_a_text_of_the_longest_length_is_left_as_it_is() -> None:
    text = "ä" * (LONGEST_ERROR_BYTES // 2)

    assert shortened(text) == text


def test_of_a_longer_one_beginning_and_end_are_kept() -> None:
    found = shortened(f"engine failed: {'ä' * 500_000} no space left")

    assert len(found.encode()) <= LONGEST_ERROR_BYTES
    assert found.startswith("engine failed: ää")
    assert found.endswith("ä no space left")
    assert "(1,000,029 bytes in all, the middle is cut)" in found
