"""The house: layers, module docstrings, mirrored unit tests, sizes."""

from __future__ import annotations

import ast
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "octeth_backupd"
MODULES = sorted(PACKAGE.rglob("*.py"))
LONGEST_MODULE_LINES = 350
VAGUE_NAMES = {"utils", "util", "helpers", "helper", "common", "misc", "manager", "handler", "tools"}

# Modules whose whole is proven by suites of another kind, each with the place where that is.
PROVEN_ELSEWHERE = {
    "app.py": "tests/integration: every test that starts a daemon",
    "cli/ctl/__main__.py": "two lines",
}


def _relative(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


@cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def _has_logic(path: Path) -> bool:
    """Return whether a module has a function with a body of its own (contracts and plain values have none)."""
    for node in ast.walk(_tree(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            body = [
                statement
                for statement in node.body
                if not (isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant))
            ]
            if body:
                return True
    return False


def test_imports_obey_every_contract() -> None:
    result = subprocess.run(
        [str(Path(sys.executable).parent / "lint-imports"), "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize("path", MODULES, ids=_relative)
def test_module_says_in_its_first_line_what_it_is(path: Path) -> None:
    docstring = ast.get_docstring(_tree(path))

    assert docstring, f"{path} has no module docstring"


@pytest.mark.parametrize("path", MODULES, ids=_relative)
def test_module_has_one_idea(path: Path) -> None:
    assert path.stem not in VAGUE_NAMES
    assert len(path.read_text().splitlines()) <= LONGEST_MODULE_LINES


@pytest.mark.parametrize("path", [p for p in MODULES if _has_logic(p)], ids=_relative)
def test_module_with_logic_has_its_unit_test(path: Path) -> None:
    relative = _relative(path)
    if relative in PROVEN_ELSEWHERE:
        return
    name = path.parent.name if path.stem == "__init__" else path.stem
    mirrored = ROOT / "tests" / "unit" / Path(relative).parent / f"test_{name}.py"

    assert mirrored.exists(), f"{relative} has no {mirrored.relative_to(ROOT)}"


def test_no_test_asserts_nothing() -> None:
    idle = []
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_") and not _asserts(node):
                idle.append(f"{path.name}::{node.name}")

    assert idle == []


def _asserts(function: ast.FunctionDef) -> bool:
    for node in ast.walk(function):
        if isinstance(node, ast.Assert | ast.Raise):
            return True
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if name in {"raises", "fail"} or name.startswith(("assert", "expect", "check_that")):
                return True
    return False
