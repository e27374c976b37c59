"""The configurations that the how-tos show are accepted, as a whole and value by value."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from octeth_backupd.settings.load import load

ROOT = Path(__file__).parent.parent.parent
ETC = "/etc/octeth-backupd/"
SERVER = '\n[servers.oempro]\ncontainer = "oempro_mysql"\n'
# Whatever a file is for: a password, or an address that is as good as one.
SECRET = "https://example.com/secret"
BUCKET = '\n[s3]\nbucket = "my-backups"\n'

_EXAMPLE = re.compile(r"^ *```toml\n(.*?)^ *```$", re.DOTALL | re.MULTILINE)
_FILE = re.compile(rf'"{ETC}([\w.-]+)"')
EXAMPLES = [
    pytest.param(example, id=f"{page.stem}-{number}")
    for page in sorted((ROOT / "docs" / "how-to").glob("*.md"))
    for number, example in enumerate(_EXAMPLE.findall(page.read_text()), start=1)
]


def _completed(example: str) -> str:
    """Return an example with what it leaves out because it is about something else."""
    given = tomllib.loads(example)
    needs_bucket = given.get("local", {}).get("keep") is False and not {"s3", "storages"} & set(given)
    return example + ("" if "servers" in given else SERVER) + (BUCKET if needs_bucket else "")


@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_is_a_configuration_that_is_accepted(example: str, tmp_path: Path) -> None:
    for name in _FILE.findall(example):
        (tmp_path / name).write_text(f"{SECRET}\n")
        (tmp_path / name).chmod(0o600)
    file = tmp_path / "config.toml"
    file.write_text(_completed(_FILE.sub(rf'"{tmp_path}/\1"', example)))
    file.chmod(0o640)

    settings = load(file, {})

    assert settings.servers
