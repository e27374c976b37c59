from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import pytest
from pydantic import BaseModel, ByteSize, Field, SecretStr

from octeth_backupd.settings.kinds import choices_of, kind_of, takes_boolean, takes_list, takes_path


class Example(BaseModel):
    number: int = 1
    bounded: int = Field(default=1, ge=1, le=9)
    low: int = Field(default=1, ge=1)
    high: float = Field(default=1, le=9)
    either: Annotated[int, Field(ge=1)] | Literal["auto"] = "auto"
    choice: Literal["a", "b"] = "a"
    single: Literal["a"] = "a"
    optional: Path | None = None
    secret: SecretStr = SecretStr("")
    size: ByteSize = ByteSize(1)
    texts: tuple[str, ...] = ()
    flag: bool = False


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("number", "a whole number"),
        ("bounded", "a whole number from 1 to 9"),
        ("low", "a whole number, at least 1"),
        ("high", "a number, at most 9"),
        ("either", 'a whole number, at least 1 or "auto"'),
        ("choice", 'one of "a", "b"'),
        ("single", '"a"'),
        ("optional", "an absolute path in quotes"),
        ("secret", "text in quotes"),
        ("size", 'a size such as "5 GiB"'),
        ("texts", 'a list of texts such as ["a", "b"]'),
        ("flag", "true or false"),
    ],
)
def test_kind_is_said_in_words(name: str, kind: str) -> None:
    assert kind_of(Example.model_fields[name]) == kind


def test_choices_include_those_of_a_union() -> None:
    assert choices_of(Example.model_fields["either"]) == ("auto",)
    assert choices_of(Example.model_fields["choice"]) == ("a", "b")
    assert choices_of(Example.model_fields["number"]) == ()


def test_only_booleans_take_booleans_only_paths_paths_only_lists_lists() -> None:
    fields = Example.model_fields

    assert [name for name, field in fields.items() if takes_boolean(field)] == ["flag"]
    assert [name for name, field in fields.items() if takes_path(field)] == ["optional"]
    assert [name for name, field in fields.items() if takes_list(field)] == ["texts"]
