"""The page about error texts quotes what the code says, and every reason for which a restore can be refused."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
PACKAGE = ROOT / "octeth_backupd"
PAGES = ROOT / "docs" / "how-to"
VARIES = "…"

_ROW = re.compile(r"^\| (?P<first>(?:[^|`]|`[^`]*`)+) \|")
_SPAN = re.compile(r"`([^`]+)`")


def _first_cells(page: str, header: str) -> list[str]:
    """Return what is quoted in the first columns of a page's tables with this header."""
    quoted = []
    for table in (PAGES / page).read_text().split("\n\n"):
        lines = table.splitlines()
        if lines and lines[0].startswith(f"| {header} |"):
            for line in lines[2:]:
                row = _ROW.match(line)
                assert row, line
                quoted += _SPAN.findall(row["first"])
    return quoted


def _text(node: ast.expr) -> str | None:
    """Return the text of a literal, with an ellipsis for what varies; None for anything else."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else None
    if isinstance(node, ast.JoinedStr):
        return "".join(_text(part) or VARIES for part in node.values)
    return None


@cache
def _code_says() -> tuple[str, ...]:
    """Return every literal that is no docstring, as it is quoted."""
    texts = set()
    for module in sorted(PACKAGE.rglob("*.py")):
        tree = ast.parse(module.read_text())
        statements = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        nodes = (node for node in ast.walk(tree) if isinstance(node, ast.expr) and id(node) not in statements)
        texts |= {_as_quoted(text) for node in nodes if (text := _text(node))}
    return tuple(texts)


def _as_quoted(text: str) -> str:
    """Return a text with one ellipsis for whatever varies in a row, and without the quotes around it."""
    return re.sub(rf"{VARIES}+", VARIES, re.sub(rf"([\"']){VARIES}+\1", VARIES, text))


def _is_said(quoted: str) -> bool:
    """Whether a text of the code has it; at its ends an ellipsis may stand for the rest of a text."""
    wanted = _as_quoted(quoted).strip(VARIES)
    return any(wanted in text for text in _code_says())


def test_every_text_that_the_page_explains_occurs_in_the_code() -> None:
    quoted = _first_cells("troubleshooting.md", "text")

    assert [text for text in quoted if not _is_said(text)] == []
    assert len(quoted) > 150


def test_a_text_that_the_code_does_not_have_is_found_out() -> None:
    assert not _is_said("the daemon has run out of … coffee")
    assert _is_said("no daemon answers at …")


def test_no_text_is_explained_twice() -> None:
    quoted = _first_cells("troubleshooting.md", "text")

    assert sorted(text for text in set(quoted) if quoted.count(text) > 1) == []


def _refusals() -> set[str]:
    """Return the codes with which a plan is refused, as far as they stand in the code as literals."""
    return {
        keyword.value.value
        for module in PACKAGE.rglob("*.py")
        for node in ast.walk(ast.parse(module.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Refusal"
        for keyword in node.keywords
        if keyword.arg == "code" and isinstance(keyword.value, ast.Constant) and isinstance(keyword.value.value, str)
    }


def test_every_reason_for_which_a_restore_is_refused_is_explained_and_no_other() -> None:
    assert set(_first_cells("troubleshooting.md", "reason")) == _refusals()


def test_the_page_for_the_worst_day_names_only_reasons_that_exist() -> None:
    assert set(_first_cells("restore-on-the-worst-day.md", "reason")) <= _refusals()


def test_the_page_for_the_worst_day_quotes_what_the_code_says() -> None:
    quoted = [
        text
        for text in _first_cells("restore-on-the-worst-day.md", "you see")
        if " " in text and not text.startswith("octeth")
    ]

    assert [text for text in quoted if not _is_said(text)] == []
