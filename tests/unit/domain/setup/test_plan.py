"""The plan that is shown before anything is written."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import PurePosixPath

import pytest

from octeth_backupd.domain.setup.plan import Plan, PlannedFile, Present, copy_name, require_leave
from octeth_backupd.errors import ConfigurationError

PATH = PurePosixPath("/etc/octeth-backupd/config.toml")


def test_plan_shows_everything_but_passwords() -> None:
    plan = Plan(
        account="'a'@'%'",
        grants=("GRANT PROCESS ON *.* TO 'a'@'%';",),
        directories=((PurePosixPath("/b"), 0o700),),
        files=(
            PlannedFile(path=PurePosixPath("/p"), content="hunter2\n", mode=0o600, is_secret=True),
            PlannedFile(path=PATH, content="[a]\nb = 1\n", mode=0o640, replaces=True, kept_as=PurePosixPath("/c")),
        ),
        commands=(("systemctl", "daemon-reload"),),
        notes=("look",),
    )

    assert list(plan.lines()) == [
        "create the account 'a'@'%' with a random password, and grant it:",
        "  GRANT PROCESS ON *.* TO 'a'@'%';",
        "make the directory /b (0700)",
        "write /p (0600, root:root)",
        "  the password, which is not shown",
        "replace /etc/octeth-backupd/config.toml (0640, root:root)",
        "  what is there is kept as /c",
        "  | [a]",
        "  | b = 1",
        "run systemctl daemon-reload",
        "mind: look",
    ]
    assert "hunter2" not in repr(plan)


def test_name_from_the_server_can_neither_fake_a_line_nor_move_the_cursor() -> None:
    plan = Plan(files=(), account="'a'@'%'", grants=("GRANT SELECT ON `x\n\x1b[2K`.* TO 'a'@'%';",))

    assert (
        list(plan.lines())[1]
        == "  GRANT SELECT ON `x\N{REPLACEMENT CHARACTER}\N{REPLACEMENT CHARACTER}[2K`.* TO 'a'@'%';"
    )


ALLOWED = (
    (Present.NOTHING, False, False),
    (Present.NOTHING, False, True),
    (Present.BLANK, False, False),
    (Present.BLANK, False, True),
    (Present.IN_USE, True, False),
    (Present.IN_USE, False, True),
)


@pytest.mark.parametrize("present", list(Present))
@pytest.mark.parametrize(("add", "force"), [(False, False), (True, False), (False, True)])
def test_configuration_is_written_in_these_cases_alone(present: Present, add: bool, force: bool) -> None:
    try:
        require_leave(present, path=PATH, add=add, force=force)
        allowed = True
    except ConfigurationError:
        allowed = False

    assert allowed is ((present, add, force) in ALLOWED)


def test_configuration_in_use_is_not_replaced_unasked() -> None:
    with pytest.raises(ConfigurationError, match="not overwritten") as caught:
        require_leave(Present.IN_USE, path=PATH, add=False, force=False)

    assert "--add" in caught.value.hint
    assert "--force" in caught.value.hint


@pytest.mark.parametrize("present", [Present.NOTHING, Present.BLANK])
def test_server_cannot_be_added_to_nothing(present: Present) -> None:
    with pytest.raises(ConfigurationError, match="no configuration"):
        require_leave(present, path=PATH, add=True, force=False)


def test_copy_lies_beside_with_the_time() -> None:
    at = datetime(2026, 11, 26, 2, 3, 4, tzinfo=UTC)

    assert copy_name(PATH, at) == PurePosixPath("/etc/octeth-backupd/config.toml.2026-11-26_02-03-04.before")
