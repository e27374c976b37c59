"""The manifest: all that is known of a backup when it is finished, as the JSON file beside its archive.

It is written once, last, and makes an archive a backup. From it alone the catalog can be rebuilt, a server configured
for the data, and a person can restore with tar, the decompressor and the engine. It never holds a secret: variables and
arguments that may are masked whenever a manifest is made or read.
"""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, PlainSerializer, ValidationError

from octeth_backupd.domain.backup import Mode, Tier, Trigger
from octeth_backupd.domain.checks import CheckStatus
from octeth_backupd.domain.manifest_parts import (
    ArchivePart,
    EnginePart,
    Part,
    PositionPart,
    ServerPart,
    SizesPart,
    SlotEntry,
    TimesPart,
)
from octeth_backupd.domain.summary import sorted_tiers
from octeth_backupd.errors import MetadataError

FORMAT_VERSION = 1


def _lowest_first(tiers: frozenset[Tier]) -> list[str]:
    return [tier.value for tier in sorted_tiers(tiers)]


Tiers = Annotated[frozenset[Tier], PlainSerializer(_lowest_first, return_type=list[str])]


class Manifest(Part):
    """See the module. ``format_version`` grows only when an older release could misread a newer file.

    Attributes:
        tier: The directory it is stored under, the highest of ``tiers``.
        slots: Due times that the run served; none for a manual backup.
        postconditions: ``<stage>.<name>`` of each check of the finished backup → what it found.
        suspect: Why its content was doubted when it was made; empty: it was not.
    """

    format: Literal["octeth-backupd manifest"] = "octeth-backupd manifest"
    format_version: int = FORMAT_VERSION
    daemon_version: str
    installation_id: str
    backup_id: str
    run_id: str
    tier: Tier
    tiers: Tiers
    trigger: Trigger
    mode: Mode
    slots: tuple[SlotEntry, ...] = ()
    times: TimesPart
    archive: ArchivePart
    sizes: SizesPart
    engine: EnginePart
    position: PositionPart
    postconditions: Annotated[dict[str, CheckStatus], BeforeValidator(dict)]
    suspect: str = ""
    server: ServerPart

    def to_mapping(self) -> dict[str, Any]:
        """Return the manifest as JSON types, keys in the order of the file."""
        return self.model_dump(mode="json", by_alias=True)

    def to_json_text(self) -> str:
        """Return the text of the file: UTF-8, indented, always in the same order."""
        return json.dumps(self.to_mapping(), indent=2, ensure_ascii=False) + "\n"

    @classmethod
    def from_json_text(cls, text: str) -> Self:
        """Read a file's text. Keys that this release does not know are ignored.

        Raises:
            MetadataError: It is no manifest, is incomplete, or has a format that only a newer release can read.
        """
        try:
            content = json.loads(text)
        except ValueError as exc:
            raise MetadataError(f"the manifest is not JSON: {exc}") from exc
        return cls.from_mapping(content)

    @classmethod
    def from_mapping(cls, content: Any) -> Self:
        """Read what ``to_mapping`` returned; errors as ``from_json_text``."""
        version = content.get("format_version") if isinstance(content, dict) else None
        if isinstance(version, int) and version > FORMAT_VERSION:
            raise MetadataError(
                f"the manifest has format {version}, this release reads up to {FORMAT_VERSION}",
                hint="Use the release that wrote it, or a newer one.",
            )
        try:
            return cls.model_validate(content)
        except ValidationError as exc:
            problems = "; ".join(
                f"{'.'.join(str(part) for part in error['loc']) or 'top level'}: {error['msg']}"
                for error in exc.errors(include_input=False, include_context=False, include_url=False)[:5]
            )
            raise MetadataError(f"the manifest cannot be used: {problems}") from exc
