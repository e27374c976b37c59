"""The libraries of the packages: what is locked is what the project asks for, and nothing is taken on trust."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent.parent
PACKAGING = ROOT / "packaging"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
REQUIREMENTS = [Requirement(text) for text in (*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["apprise"])]


def locked(name: str) -> dict[str, list[str]]:
    """Return the libraries of a lock: ``name==version`` → hashes."""
    found: dict[str, list[str]] = {}
    for line in (PACKAGING / name).read_text().splitlines():
        if (library := re.match(r"([\w.-]+==[\w.+!-]+)", line)) is not None:
            found[library[1]] = hashes = []
        elif (digest := re.match(r"\s+--hash=(sha256:[0-9a-f]{64})", line)) is not None:
            hashes.append(digest[1])
    return found


@pytest.mark.parametrize("requirement", REQUIREMENTS, ids=lambda requirement: str(requirement.name))
def test_library_that_the_project_needs_is_locked_at_a_version_that_it_allows(requirement: Requirement) -> None:
    """Run ``make lock`` after a change of pyproject.toml."""
    versions = dict(library.split("==") for library in locked("requirements.lock"))

    assert requirement.specifier.contains(versions[canonicalize_name(requirement.name)])


@pytest.mark.parametrize("name", ["requirements.lock", "tools.lock"])
def test_everything_locked_has_a_hash_and_names_no_index(name: str) -> None:
    without = [library for library, hashes in locked(name).items() if not hashes]

    assert locked(name)
    assert without == []
    assert "://" not in (PACKAGING / name).read_text()
