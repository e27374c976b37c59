"""The [hooks] section."""

from typing import Any

import pytest
from pydantic import ValidationError

from octeth_backupd.domain.hooks import Hook
from octeth_backupd.pipeline.hooks.settings import HooksSettings


def test_every_hook_has_its_key() -> None:
    settings = HooksSettings.model_validate({hook.value: [[f"/bin/{hook}"]] for hook in Hook})

    assert list(settings.all_commands()) == [(hook, (f"/bin/{hook}",)) for hook in Hook]
    assert settings.commands(Hook.ON_FAILURE) == (("/bin/on_failure",),)


@pytest.mark.parametrize(
    ("commands", "match"),
    [
        ([[]], "names no program"),
        ([[""]], "names no program"),
        ([["program"]], "absolute path"),
        ([["/usr/../bin/x"]], "absolute path"),
        ([["/bin/x", "a\0b"]], "zero byte"),
        (["/bin/x"], "valid tuple"),
    ],
)
def test_what_is_no_list_of_commands_is_refused(commands: Any, match: str) -> None:
    with pytest.raises(ValidationError, match=match):
        HooksSettings.model_validate({"before_backup": commands})
