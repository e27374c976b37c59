"""Every directory that workspaces of this installation have ever been in: recovery looks into all of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from octeth_backupd.catalog.store import Catalog

META_NAME = "workspace_directories"


def remember_workspaces(catalog: Catalog, directory: Path) -> tuple[Path, ...]:
    """Note where workspaces are from now on, and return all directories that were noted ever, this one included."""
    known = set(json.loads(catalog.meta(META_NAME) or "[]"))
    known.add(str(directory))
    catalog.set_meta(META_NAME, json.dumps(sorted(known)))
    return tuple(Path(text) for text in sorted(known))
