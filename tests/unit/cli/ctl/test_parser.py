"""The grammar of the command line, and its reference page."""

import argparse
import re
from pathlib import Path

import pytest

from octeth_backupd.cli.ctl.commands.registry import COMMANDS
from octeth_backupd.cli.ctl.parser import DEFAULT_SOCKET, build_parser
from octeth_backupd.control.settings import ControlSettings

PAGE = (Path(__file__).parents[4] / "docs" / "reference" / "octeth-backupctl.md").read_text()
COMMON = {"-h", "--help", "--socket", "--json"}


def subparsers() -> dict[str, argparse.ArgumentParser]:
    parser = build_parser()
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            return dict(action.choices)
    raise AssertionError("no commands")


def options(parser: argparse.ArgumentParser) -> set[str]:
    return {option for action in parser._actions for option in action.option_strings}


def section(name: str) -> str:
    return PAGE.split(f"\n## {name}\n", 1)[1].split("\n## ", 1)[0]


def test_the_page_has_a_section_for_each_command_and_no_other() -> None:
    titles = re.findall(r"^## (.+)$", PAGE, re.MULTILINE)

    assert titles == ["Options of every command", *subparsers()]


@pytest.mark.parametrize("name", [command.name for command in COMMANDS])
def test_the_page_lists_exactly_the_options_of_each_command(name: str) -> None:
    bullets = re.findall(r"^- (.*?):", section(name), re.MULTILINE)
    documented = {option for bullet in bullets for option in re.findall(r"`(--?[a-z-]+)", bullet)}

    assert documented == options(subparsers()[name]) - COMMON


def test_the_page_names_the_options_of_every_command() -> None:
    common = section("Options of every command")

    assert all(f"`{option}" in common for option in COMMON | {"--version", "--print-completion"})


def test_the_usual_socket_is_the_daemons() -> None:
    assert Path(DEFAULT_SOCKET) == ControlSettings.model_fields["socket"].default


@pytest.mark.parametrize("argv", [["--socket", "/a", "status"], ["status", "--socket", "/a"]])
def test_the_socket_may_stand_before_or_after_the_command(argv: list[str]) -> None:
    assert build_parser().parse_args(argv).socket == Path("/a")


@pytest.mark.parametrize(
    ("argv", "expected"), [(["--json", "list"], True), (["list", "--json"], True), (["list"], False)]
)
def test_json_may_stand_before_or_after_the_command(argv: list[str], *, expected: bool) -> None:
    assert build_parser().parse_args(argv).json is expected


def test_the_environment_names_the_socket_and_the_option_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OCTETH_BACKUPD_SOCKET", "/from/environment")

    assert build_parser().parse_args(["status"]).socket == Path("/from/environment")
    assert build_parser().parse_args(["status", "--socket", "/b"]).socket == Path("/b")


@pytest.mark.parametrize(
    "argv", [[], ["nothing"], ["list", "--servre", "x"], ["show"], ["config"], ["list", "--limit", "x"]]
)
def test_what_cannot_be_understood_ends_with_2(argv: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        build_parser().parse_args(argv)

    assert caught.value.code == 2
    assert "usage:" in capsys.readouterr().err


@pytest.mark.parametrize("shell", ["bash", "zsh"])
def test_completion_scripts_know_every_command(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        build_parser().parse_args(["--print-completion", shell])

    script = capsys.readouterr().out
    assert caught.value.code == 0
    assert all(name in script for name in subparsers())
