"""Secrets from systemd: ``LoadCredential=servers.oempro.password:/path`` in the unit, one layer for each credential.

Source:
    systemd.exec(5), "Credentials"; https://systemd.io/CREDENTIALS/
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from octeth_backupd.settings.keys import is_secret, keys_of
from octeth_backupd.settings.layers import Layer
from octeth_backupd.settings.problems import Problem
from octeth_backupd.settings.secret_files import read_secret_file
from octeth_backupd.settings.settings import Settings
from octeth_backupd.settings.suggestions import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from octeth_backupd.settings.keys import Names

DIRECTORY_VARIABLE = "CREDENTIALS_DIRECTORY"


def read_credentials(environment: Mapping[str, str], *, names: Names) -> Iterator[Layer | Problem]:
    """Yield a layer for each credential that is called like a secret's TOML path.

    A name without a dot is left alone: a ``*_file`` key may name that file.

    Args:
        environment: Holds ``CREDENTIALS_DIRECTORY`` where systemd passes credentials.
        names: Of the servers and storages that there are.
    """
    directory = environment.get(DIRECTORY_VARIABLE, "")
    if not directory:
        return
    try:
        files = sorted(file for file in Path(directory).iterdir() if "." in file.name.strip("."))
    except OSError as error:
        hint = "Look at LoadCredential= of the unit."
        message = f"the credentials directory {directory} cannot be read: {error.strerror}"
        yield Problem(path="", message=message, hint=hint, source=DIRECTORY_VARIABLE)
        return
    for file in files:
        yield from _read(file, names)


def _read(file: Path, names: Names) -> Iterator[Layer | Problem]:
    source = f"credential {file.name}"
    secrets = [".".join(key.path) for key in keys_of(Settings, names=names) if is_secret(key.field)]
    if file.name not in secrets:
        hint = did_you_mean(file.name, secrets)
        yield Problem(path="", message="no secret of the configuration has this name", hint=hint, source=source)
        return
    found = read_secret_file(file, key=file.name)
    yield from found.problems
    if found.secret:
        *parents, name = file.name.split(".")
        values: dict[str, Any] = {name: found.secret}
        for parent in reversed(parents):
            values = {parent: values}
        yield Layer(source=source, values=values)
