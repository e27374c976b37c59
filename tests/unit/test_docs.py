"""The documentation says only what is there: links, commands, settings, modules, names of checks."""

from __future__ import annotations

import argparse
import ast
import re
import shlex
import tomllib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from octeth_backupd.cli import daemon
from octeth_backupd.cli.ctl.parser import build_parser
from octeth_backupd.domain.postconditions.registry import POSTCONDITIONS
from octeth_backupd.errors import BackupdError
from octeth_backupd.preflight.registry import CHECKS
from octeth_backupd.settings.keys import locate, table_of
from octeth_backupd.settings.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parent.parent.parent
PACKAGE = ROOT / "octeth_backupd"
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "tests").rglob("README.md")])
ADRS = sorted((ROOT / "docs" / "adr").glob("*.md"))
LONGEST_ADR_LINES = 60

_FENCE = re.compile(r"^ *```(?P<language>\w*)\n(?P<text>.*?)^ *```$", re.DOTALL | re.MULTILINE)
_SPAN = re.compile(r"`([^`]+)`")
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_COMMAND = re.compile(r"\b(?P<program>octeth-backup(?:d|ctl))(?P<rest>(?: [^\s`'\"|;&()<>…]+)*)")
_BEGINS_WITH_COMMAND = re.compile(r"^\s*(?:[$#] )?(?:\S*/)?(?P<program>octeth-backup(?:d|ctl)) ")
_SETTING = re.compile(
    r"\[(?P<section>[a-z][a-z0-9._-]*)\](?P<keys>(?: (?:or )?`?[a-z]+_[a-z_]+`?| (?:directory|program|mode)\b)+)"
)
_PATH = re.compile(r"^[\w.-]+(?:/[\w.-]+)*(?:\.py|/)$")
# Words that follow a program's name in a sentence of the code, not on a command line.
_PROSE = frozenset({"and", "manifest", "reads", "restore", "state", "takes", "talks", "that"})


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def _prose(text: str) -> str:
    return _FENCE.sub("", text)


def _spans(text: str) -> list[str]:
    return _SPAN.findall(_prose(text))


def _anchors(page: Path) -> set[str]:
    titles = re.findall(r"^#+ (.+)$", _prose(page.read_text()), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def _subparsers(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    [action] = [one for one in parser._actions if isinstance(one, argparse._SubParsersAction)]
    return dict(action.choices)


PARSERS = {"octeth-backupctl": build_parser(), "octeth-backupd": daemon.build_parser()}


def _command_lines(text: str) -> Iterator[list[str]]:
    """Yield the words of every whole command line in fenced blocks that are not settings."""
    for fence in _FENCE.finditer(text):
        if fence["language"] in {"", "sh", "console"}:
            for line in fence["text"].splitlines():
                for part in line.split(" && "):
                    if (match := _BEGINS_WITH_COMMAND.match(part)) is not None:
                        yield shlex.split(part[match.start("program") :], comments=True)


def _problem_of_command(program: str, words: list[str]) -> str | None:
    """Return what is wrong with a command that may be cut short, such as ``octeth-backupctl show``."""
    parser = PARSERS[program]
    commands = _subparsers(parser)
    command = next((word for word in words if not word.startswith("-")), None)
    if command is not None and command not in commands:
        return f"{program} has no command {command!r}"
    known = {
        option for one in (parser, *([commands[command]] if command else [])) for option in one._option_string_actions
    }
    unknown = [word for word in words if word.startswith("-") and word.partition("=")[0] not in known]
    return f"{program} {command} has no option {unknown[0]}" if unknown else None


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_links_lead_somewhere(page: Path) -> None:
    broken = []
    for target in _LINK.findall(_prose(page.read_text())):
        if target.startswith(("http://", "https://")):
            continue
        path, _, anchor = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        if not file.exists() or (anchor and anchor not in _anchors(file)):
            broken.append(target)

    assert broken == []


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_whole_command_lines_are_accepted_by_the_parsers(page: Path) -> None:
    refused = []
    for words in _command_lines(page.read_text()):
        try:
            PARSERS[words[0]].parse_args(words[1:])
        except SystemExit:
            refused.append(" ".join(words))

    assert refused == []


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_commands_named_in_sentences_exist(page: Path) -> None:
    problems = [
        problem
        for span in _spans(page.read_text())
        for match in _COMMAND.finditer(span)
        if span.startswith(match["program"])
        and (problem := _problem_of_command(match["program"], match["rest"].split()))
    ]

    assert problems == []


@cache
def _messages(module: Path) -> tuple[str, ...]:
    """Return the texts of a module that are no docstrings; what varies in them stands as ``VALUE``."""
    tree = ast.parse(module.read_text())
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            found.append(node.value)
        elif isinstance(node, ast.JoinedStr):
            found.append(
                "".join(str(part.value) if isinstance(part, ast.Constant) else "VALUE" for part in node.values)
            )
    return tuple(found)


def test_commands_named_in_messages_exist() -> None:
    problems = []
    for module in sorted(PACKAGE.rglob("*.py")):
        for message in _messages(module):
            for match in _COMMAND.finditer(message):
                word = match["rest"].split()[0].rstrip(".,:") if match["rest"] else ""
                if word.islower() and word not in _PROSE and word not in _subparsers(PARSERS[match["program"]]):
                    problems.append(f"{_name(module)}: {match[0]}")

    assert problems == []


def _named_settings(text: str) -> Iterator[tuple[str, ...]]:
    sections = set(Settings.model_fields)
    for match in _SETTING.finditer(text):
        path = tuple(match["section"].split("."))
        if path[0] in sections:
            for key in re.findall(r"[a-z][a-z_]+", match["keys"]):
                if key != "or":
                    yield (*path, key)


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_settings_named_in_sentences_exist(page: Path) -> None:
    unknown = [path for path in _named_settings(_prose(page.read_text())) if locate(Settings, path).field is None]

    assert unknown == []


def test_settings_named_in_messages_exist() -> None:
    unknown = [
        f"{_name(module)}: {'.'.join(path)}"
        for module in sorted(PACKAGE.rglob("*.py"))
        for message in _messages(module)
        for path in _named_settings(message)
        if locate(Settings, path).field is None
    ]

    assert unknown == []


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_settings_in_examples_are_accepted(page: Path) -> None:
    unknown = []
    for fence in _FENCE.finditer(page.read_text()):
        if fence["language"] == "toml":
            unknown += [path for path in _leaves(tomllib.loads(fence["text"])) if locate(Settings, path).field is None]

    assert unknown == []


def _leaves(values: dict[str, object], prefix: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for name, value in values.items():
        if isinstance(value, dict):
            yield from _leaves(value, (*prefix, name))
        else:
            yield (*prefix, name)


@pytest.mark.parametrize("page", [page for page in PAGES if "reference" not in page.parts], ids=_name)
def test_modules_and_files_named_exist(page: Path) -> None:
    named = [span for span in _spans(page.read_text()) if "/" in span and _PATH.match(span)]

    missing = [path for path in named if not any((base / path).exists() for base in (ROOT, PACKAGE, page.parent))]

    assert missing == []


def _first_cells(text: str, header: str) -> list[str]:
    """Return the names in the first column of the tables with this header."""
    names = []
    for table in text.split("\n\n"):
        if table.startswith(f"| {header} |"):
            names += [name for row in table.splitlines()[2:] for name in _SPAN.findall(row.split("|")[1])]
    return names


def test_readme_lists_every_post_condition_once_and_every_preflight_check() -> None:
    text = (ROOT / "README.md").read_text()
    [paragraph] = [part for part in text.split("\n\n") if part.startswith("Before a run, and in")]

    assert sorted(_first_cells(text, "check")) == sorted({condition.name for condition in POSTCONDITIONS})
    assert [name for name in _SPAN.findall(paragraph) if " " not in name and "/" not in name] == [
        check.name for check in CHECKS
    ]


def test_page_about_failures_explains_every_check_and_no_other() -> None:
    text = (ROOT / "docs" / "how-to" / "when-a-backup-fails.md").read_text()

    names = {check.name for check in CHECKS} | {condition.name for condition in POSTCONDITIONS}
    assert set(_first_cells(text, "check")) == names


def test_page_about_failures_names_only_error_codes_that_exist() -> None:
    text = (ROOT / "docs" / "how-to" / "when-a-backup-fails.md").read_text()

    codes = {BackupdError.code, "interrupted"}
    pending = [BackupdError]
    while pending:
        for error in pending.pop().__subclasses__():
            codes.add(error.code)
            pending.append(error)
    assert set(_first_cells(text, "error code")) <= codes


def test_every_section_of_the_settings_is_a_table() -> None:
    """``_named_settings`` looks for sections by the names of these fields."""
    named = ("servers", "storages", "notify")
    assert all(table_of(field.annotation) for name, field in Settings.model_fields.items() if name not in named)


def test_decisions_are_numbered_without_gap_short_and_in_the_index() -> None:
    index = (ROOT / "docs" / "README.md").read_text()

    assert [path.name[:4] for path in ADRS] == [f"{number:04}" for number in range(1, len(ADRS) + 1)]
    assert [path.name for path in ADRS if len(path.read_text().splitlines()) > LONGEST_ADR_LINES] == []
    assert [path.name for path in ADRS if f"(adr/{path.name})" not in index] == []
    for path in ADRS:
        headings = re.findall(r"^## (.+)$", path.read_text(), re.MULTILINE)
        assert headings == ["Context", "Decision", "Consequences", "Alternatives"], path.name
        assert path.read_text().startswith(f"# {path.name[:4]}: ")


def test_every_page_is_in_the_index() -> None:
    index = (ROOT / "docs" / "README.md").read_text()
    pages = [page.relative_to(ROOT / "docs").as_posix() for page in (ROOT / "docs").rglob("*.md")]

    assert [page for page in pages if page != "README.md" and f"({page})" not in index] == []
