"""The installation's id: made once, in every manifest, marker, label and child from then on."""

from __future__ import annotations

import re
import uuid
from typing import TYPE_CHECKING

from octeth_backupd.errors import ConfigurationError
from octeth_backupd.process.files import translated_os_errors, write_whole

if TYPE_CHECKING:
    from pathlib import Path

FILE_NAME = "installation-id"
_FORM = re.compile(r"[0-9a-f]{32}")


def installation_id(state_directory: Path) -> str:
    """Return the installation's id, making it at the first start.

    Returns:
        32 hexadecimal digits.

    Raises:
        ConfigurationError: The file holds something else.
        StorageError: It cannot be read or written.
    """
    path = state_directory / FILE_NAME
    if not path.exists():
        write_whole(path, uuid.uuid4().hex + "\n", replace=False)
    with translated_os_errors(path):
        text = path.read_text(encoding="ascii", errors="replace").strip()
    if not _FORM.fullmatch(text):
        raise ConfigurationError(
            f"{path} does not hold an installation id",
            hint="It must be 32 hexadecimal digits. Restore it from a manifest (installation_id), or remove the file "
            "to become a new installation that leaves the old one's backups alone.",
        )
    return text
