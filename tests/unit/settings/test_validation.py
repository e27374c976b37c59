from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from octeth_backupd.settings.layers import Layer, Merged
from octeth_backupd.settings.problems import Problem
from octeth_backupd.settings.settings import Settings
from octeth_backupd.settings.validation import problems_of

SERVER = {"container": "x"}


def problems(values: dict[str, Any]) -> list[Problem]:
    merged = Merged()
    merged.put(Layer(source="file", values={"schedules": {"timezone": "UTC"}, **values}))
    with pytest.raises(ValidationError) as raised:
        Settings.model_validate(merged.values)
    return problems_of(raised.value, merged)


def test_value_that_fits_no_member_of_a_union_gives_equal_problems() -> None:
    found = problems({"servers": {"a": SERVER}, "backup": {"parallel": "x"}})

    assert set(found) == {
        Problem(path="backup.parallel", message='must be a whole number from 1 to 64 or "auto"', source="file")
    }


def test_words_of_a_section_are_kept_with_its_second_sentence_as_hint() -> None:
    [problem] = problems({"servers": {"a": SERVER}, "schedules": {"timezone": "UTC", "daily": "0 2 * *"}})

    assert problem.message == 'cron rule "0 2 * *" has 4 fields instead of 5'
    assert problem.hint.startswith("Write five fields")


def test_misspelt_secret_is_not_compared_with_anything() -> None:
    [problem] = problems({"servers": {"a": {**SERVER, "password": 5}}})

    assert problem == Problem(path="servers.a.password", message="must be text in quotes", source="file")


def test_input_never_shows() -> None:
    found = problems({"servers": {"a": {**SERVER, "password": ["canary"], "port": "canary", "canarykey": "canary"}}})

    assert [problem.path for problem in found] == ["servers.a.port", "servers.a.password", "servers.a.canarykey"]
    assert "canary" not in " ".join(problem.message + problem.hint for problem in found)
