"""Whether a backup must be prepared, and what here can do it: the plan's words about that."""

from __future__ import annotations

from typing import TYPE_CHECKING

from octeth_backupd.domain.backup import Mode
from octeth_backupd.domain.restore.plan import ArchiveFormat, Refusal
from octeth_backupd.domain.server import Version, parse_version
from octeth_backupd.engines.selection import choose_engine
from octeth_backupd.errors import BackupdError
from octeth_backupd.pipeline.restore.prepare import find_preparer
from octeth_backupd.process.cancellation import Cancellation

if TYPE_CHECKING:
    from octeth_backupd.domain.restore.plan import ArchiveSource
    from octeth_backupd.domain.restore.site import Site
    from octeth_backupd.pipeline.parts import Parts
    from octeth_backupd.pipeline.programs import Programs


def prepare_words(
    parts: Parts, programs: Programs, archive: ArchiveSource, site: Site | None
) -> tuple[str, Refusal | None]:
    """Return whether and with what a backup is prepared, and why it cannot be.

    Whether an archive without a manifest is prepared is seen after unpacking, in the engine's own files.

    Args:
        parts: Name the engines and the configured image.
        programs: Of the run, or of a plan that is only shown.
        archive: What is restored.
        site: Where it goes; None: into a directory.
    """
    if archive.manifest is not None and archive.manifest.mode is Mode.PREPARED:
        return "Not needed: the backup was prepared when it was made.", None
    made_with = _engine_and_version(archive, site)
    if made_with is None:
        return "If its files say that it is not prepared, with the engine that made it, if there is one here.", None
    engine, version = made_with
    try:
        found = find_preparer(
            parts,
            programs,
            engine_name=engine,
            version=version,
            directory=parts.workspace_directory,
            server_image=site.container.image_id if site is not None and site.container is not None else "",
            cancellation=Cancellation(),
        )
    except BackupdError as error:
        return _without(error, is_certain=_is_unprepared(archive))
    if _is_unprepared(archive):
        return f"The backup is not prepared; {engine} does that ({found.place}), before the server is stopped.", None
    return f"If its files say that it is not prepared, {engine} does that ({found.place}).", None


def _without(error: BackupdError, *, is_certain: bool) -> tuple[str, Refusal | None]:
    if not is_certain:
        return f"Only if its files say that it is prepared can it be restored: {error.message}.", None
    refusal = Refusal(code="engine_missing", message=error.message, hint=error.hint)
    return "The backup is not prepared, and nothing here can do that.", refusal


def _is_unprepared(archive: ArchiveSource) -> bool:
    """Return whether the archive is as the engine streamed it: nothing can have prepared that."""
    return archive.manifest is not None or archive.archive_format is ArchiveFormat.XBSTREAM


def _engine_and_version(archive: ArchiveSource, site: Site | None) -> tuple[str, Version] | None:
    """Return what the backup was made with, as far as manifest or server tell."""
    if archive.manifest is not None:
        return archive.manifest.engine.name, parse_version(archive.manifest.server.version)
    return None if site is None else (choose_engine("auto", site.vendor), site.version)
