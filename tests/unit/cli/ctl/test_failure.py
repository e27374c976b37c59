"""The one error of the command line."""

from octeth_backupd.cli.ctl.failure import CommandFailedError


def test_the_exit_code_follows_the_error_code_unless_given() -> None:
    assert CommandFailedError("x", code="busy").exit_code == 75
    assert CommandFailedError("x", code="no_space").exit_code == 1
    assert CommandFailedError("x", code="unavailable", exit_code=69).exit_code == 69
