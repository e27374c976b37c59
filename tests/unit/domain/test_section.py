"""The base of every settings section."""

from __future__ import annotations

import pytest
from pydantic import SecretStr, ValidationError

from octeth_backupd.domain.section import Section


class Sample(Section):
    password: SecretStr = SecretStr("")
    count: int = 1


def test_a_misspelt_key_is_refused() -> None:
    with pytest.raises(ValidationError, match="cuont"):
        Sample.model_validate({"cuont": 2})


def test_a_section_cannot_be_changed() -> None:
    sample = Sample()

    with pytest.raises(ValidationError, match="frozen"):
        sample.count = 2  # type: ignore[misc]


def test_a_refused_value_is_not_repeated_in_the_error() -> None:
    with pytest.raises(ValidationError) as refused:
        Sample.model_validate({"count": "canary-secret"})

    assert "canary-secret" not in str(refused.value)
