"""The ``docker run`` that makes a server's lost container again, from what the manifest remembers of it."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from octeth_backupd.domain.masking import MASK

if TYPE_CHECKING:
    from collections.abc import Iterator

    from octeth_backupd.domain.manifest_parts import MountEntry, PlacementEntry, ServerPart

_SERVER_PROGRAMS = frozenset({"mysqld", "mariadbd", "mysqld_safe", "mariadbd-safe"})
_MASKED = "<secret>"
_INITIAL = "<password>"
_CONTINUED = " \\\n  "


def docker_run(server: ServerPart) -> str:
    """Return a ``docker run`` over several lines; whatever may be a secret is a placeholder in angle brackets.

    A manifest knows image, mounts and command; ports, networks, environment and restart policy are not in it, which
    the text that shows this should say. The password lets the image initialise an empty data directory, which the
    restore then replaces; images of all vendors know the variable.
    """
    placement = server.placement
    words = [
        f"docker run --detach --name {shlex.quote(placement.container or server.name)}",
        f"--env MYSQL_ROOT_PASSWORD='{_INITIAL}'",
        *(_volume(mount) for mount in placement.mounts),
        " ".join((shlex.quote(_image(placement)), *map(_argument, _arguments(placement)))),
    ]
    return _CONTINUED.join(words)


def _image(placement: PlacementEntry) -> str:
    """Return the image by its name; by its digest where the name alone would fetch the latest."""
    if placement.image and not placement.image.startswith("sha256:"):
        return placement.image
    return placement.image_digest or placement.image_id or "<image>"


def _volume(mount: MountEntry) -> str:
    source = _volume_name(mount) or mount.source
    return f"--volume {shlex.quote(f'{source}:{mount.destination}' + (':ro' if mount.read_only else ''))}"


def _volume_name(mount: MountEntry) -> str:
    """Return the name of a named volume, which Docker keeps in ``…/volumes/<name>/_data``; empty for a bind mount."""
    parts = mount.source.split("/")
    return parts[-2] if mount.kind == "volume" and len(parts) > 2 and parts[-1] == "_data" else ""


def _arguments(placement: PlacementEntry) -> Iterator[str]:
    """Yield what follows the image: the command without the entrypoint, as far as that can be told."""
    command = placement.command
    if not command:
        return
    if _base(command[0]) in _SERVER_PROGRAMS:
        yield from command
        return
    entrypoints = [index for index, word in enumerate(command) if _base(word).endswith("entrypoint.sh")]
    yield from command[(entrypoints[-1] if entrypoints else 0) + 1 :]


def _argument(word: str) -> str:
    if MASK not in word:
        return shlex.quote(word)
    return shlex.quote(word.replace(MASK, _MASKED))


def _base(word: str) -> str:
    return word.rpartition("/")[2]
