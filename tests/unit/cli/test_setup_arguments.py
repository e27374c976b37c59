"""The options of setup."""

from __future__ import annotations

import subprocess
import sys

import pytest

from octeth_backupd.cli.daemon import build_parser


def test_no_option_takes_a_password() -> None:
    parsed = vars(build_parser().parse_args(["setup"]))

    assert {name for name in parsed if "password" in name} == {"password_file", "admin_password_file"}


@pytest.mark.parametrize(
    "words", [("--container", "a", "--unit", "b"), ("--socket", "/a", "--address", "b"), ("--add", "--force")]
)
def test_options_that_exclude_each_other_are_refused(words: tuple[str, ...]) -> None:
    with pytest.raises(SystemExit) as caught:
        build_parser().parse_args(["setup", *words])

    assert caught.value.code == 2


def test_options_are_known_without_importing_what_setup_does() -> None:
    code = "import sys, octeth_backupd.cli.daemon as d; d.build_parser(); print('octeth_backupd.setup' in sys.modules)"

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "False"
