"""Exit codes are an interface, the same in code, daemon and documentation."""

import re
from pathlib import Path

from octeth_backupd import errors
from octeth_backupd.cli.ctl import exit_codes
from octeth_backupd.domain.backup import RunStatus

PAGE = (Path(__file__).parents[4] / "docs" / "reference" / "exit-codes.md").read_text()


def kinds(base: type[errors.BackupdError]) -> list[type[errors.BackupdError]]:
    return [base, *(kind for below in base.__subclasses__() for kind in kinds(below))]


def table(first: str) -> dict[str, int]:
    part = PAGE.split(f"| {first} |", 1)[1].split("\n\n", 1)[0]
    return {name: int(code) for name, code in re.findall(r"^\| (\S+) \| (\d+) \|$", part, re.MULTILINE)}


def test_every_error_of_the_daemon_ends_with_the_code_it_declares() -> None:
    for kind in kinds(errors.BackupdError):
        assert exit_codes.ERRORS.get(kind.code, exit_codes.FAILED) == kind.exit_code, kind


def test_every_outcome_has_a_code_of_its_own() -> None:
    outcomes = {status.value for status in RunStatus if status.is_final}

    assert set(exit_codes.OUTCOMES) == outcomes
    assert len(set(exit_codes.OUTCOMES.values())) == len(outcomes)


def test_the_documented_tables_are_the_code() -> None:
    assert table("outcome") == exit_codes.OUTCOMES
    assert table("error code") == exit_codes.ERRORS


def test_every_code_is_documented() -> None:
    codes = {value for name, value in vars(exit_codes).items() if name.isupper() and isinstance(value, int)}

    assert codes == {int(code) for code in re.findall(r"^\| (\d+) \|", PAGE, re.MULTILINE)}
