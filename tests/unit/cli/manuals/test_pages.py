"""The manual pages say all that the parsers and the models know."""

from __future__ import annotations

import re

import pytest

from octeth_backupd.cli import daemon
from octeth_backupd.cli.ctl.parser import build_parser
from octeth_backupd.cli.manuals import roff
from octeth_backupd.cli.manuals.grammar import subcommands
from octeth_backupd.cli.manuals.pages import manual_pages
from octeth_backupd.settings.keys import keys_of
from octeth_backupd.settings.settings import Settings

REQUESTS = {".TH", ".SH", ".SS", ".PP", ".TP", ".B", ".nf", ".fi"}


@pytest.mark.parametrize(
    ("name", "parser"), [("octeth-backupd.8", daemon.build_parser()), ("octeth-backupctl.1", build_parser())]
)
def test_every_command_and_option_is_on_its_page(name: str, parser: object) -> None:
    page = manual_pages()[name]

    for command in subcommands(parser):  # type: ignore[arg-type]
        assert roff.subheading(command.name) in page
        for argument in command.arguments:
            assert f".B {roff.escaped(argument.term)}\n" in page


def test_every_setting_is_on_the_page_of_the_configuration() -> None:
    page = manual_pages()["octeth-backupd.toml.5"]

    for key in keys_of(Settings):
        assert f".B {roff.escaped(key.path[-1])}\n" in page
        assert roff.heading(f"[{'.'.join(key.path[:-1])}]") in page


@pytest.mark.parametrize("page", manual_pages().values(), ids=manual_pages())
def test_no_text_is_taken_for_a_request(page: str) -> None:
    requests = {match[0] for match in re.finditer(r"^\.\S*", page, re.MULTILINE)}

    assert requests <= REQUESTS
