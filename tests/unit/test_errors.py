"""The errors: stable words for machines, hints for people."""

from __future__ import annotations

import inspect

import pytest

from octeth_backupd import errors
from octeth_backupd.errors import BackupdError, BusyError, ConfigurationError, StorageError

ALL = [error for _, error in inspect.getmembers(errors, inspect.isclass) if issubclass(error, BackupdError)]


def test_an_error_is_its_message_with_a_hint_and_whether_to_try_again() -> None:
    error = StorageError("access denied: backups/daily", hint="Check the policy.", retryable=True)

    assert (str(error), error.message, error.hint, error.retryable) == (
        "access denied: backups/daily",
        "access denied: backups/daily",
        "Check the policy.",
        True,
    )


def test_without_more_said_there_is_no_hint_and_no_use_in_trying_again() -> None:
    error = BackupdError("it broke")

    assert (error.hint, error.retryable, error.code) == ("", False, "internal_error")


def test_every_kind_of_error_has_a_code_of_its_own() -> None:
    codes = [error.code for error in ALL]

    assert len(set(codes)) == len(codes) > 20


@pytest.mark.parametrize("error", ALL, ids=lambda error: error.__name__)
def test_every_kind_of_error_stands_in_the_tree_that_the_module_draws(error: type[BackupdError]) -> None:
    assert error.__name__ in (errors.__doc__ or "")
    assert 0 < error.exit_code < 128


def test_exit_codes_are_those_of_sysexits_where_it_has_one() -> None:
    assert (ConfigurationError.exit_code, BusyError.exit_code) == (78, 75)
