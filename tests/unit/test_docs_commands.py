"""Every command that the pages for operators show is accepted by the real parsers, or listed as another program."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.environment.docs_commands import (
    EXTERNAL,
    NOT_RUN,
    ROOT,
    DocumentedCommand,
    UnknownCommandError,
    check,
    commands_of,
    operators_pages,
    split,
)

PAGES = operators_pages()
EXAMPLES = ROOT / "systemd" / "examples"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_of_a_page_is_accepted_or_listed(page: Path) -> None:
    refused = []
    for command in commands_of(page):
        try:
            check(command)
        except UnknownCommandError as exc:
            refused.append(str(exc))

    assert refused == []


def test_every_how_to_is_looked_at() -> None:
    assert set(PAGES) == {ROOT / "README.md", *(ROOT / "docs" / "how-to").glob("*.md")}
    assert sum(len(commands_of(page)) for page in PAGES) > 100


def test_every_listed_program_is_still_in_the_documentation() -> None:
    commands = [command for page in PAGES for command in commands_of(page)]
    programs = {command.program for command in commands if not command.is_ours}
    ours = {(command.program, command.command) for command in commands if command.is_ours}

    assert set(EXTERNAL) - programs == set()
    assert set(NOT_RUN) - ours == set()


@pytest.mark.parametrize(
    "line",
    [
        "octeth-backupctl list --latest",
        "octeth-backupctl restart",
        "octeth-backupd serve --quiet",
        "/usr/bin/octeth-backupctl list --latest",
        "sudo octeth-backupctl list",
        "cat list | mail root",
        "cd /srv && shutdown now",
    ],
)
def test_what_no_parser_and_no_list_knows_is_found_out(line: str) -> None:
    commands = [DocumentedCommand(page=Path("page.md"), words=words) for words in split(line)]

    with pytest.raises(UnknownCommandError):
        for command in commands:
            check(command)


def test_lines_are_split_as_a_shell_does(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "text\n\n```sh\n# a comment\nmkdir a && mv b/* \\\n    'a b' 2>/dev/null   # moves\ncat x | less\n```\n\n"
        "```toml\nkey = 1\n```\n\n   ```console\n   $ make demo\n   it says something\n   ```\n"
    )

    commands = [command.words for command in commands_of(page)]

    assert commands == [("mkdir", "a"), ("mv", "b/*", "a b"), ("cat", "x"), ("less",), ("make", "demo")]


def test_examples_of_the_unit_that_pages_name_are_there() -> None:
    named = {
        Path(name).name
        for page in PAGES
        for name in re.findall(r"/usr/share/doc/octeth-backupd/examples/([\w.-]+\.conf)", page.read_text())
    }

    assert named
    assert {name for name in named if not (EXAMPLES / name).exists()} == set()
