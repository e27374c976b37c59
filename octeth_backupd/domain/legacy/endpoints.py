"""Services other than AWS that ``.env`` names: what the bash tool's programs followed, and what nobody read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from octeth_backupd.domain.legacy.report import Fate

if TYPE_CHECKING:
    from pathlib import PurePosixPath

    from octeth_backupd.domain.legacy.draft import Draft

_FOLLOWED = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL")
"""The bash tool exports all of .env, and the AWS command line follows these since version 2.13.

Source: AWS SDKs and Tools reference guide, "Service-specific endpoints".
"""
_NEVER_READ = ("S3_ENDPOINT_URL", "S3_ENDPOINT")
_REMOTE = "RCLONE_CONFIG_"


def followed_endpoint(draft: Draft) -> tuple[str, str]:
    """Return the variable by which the AWS command line found another service, and its address; empty without one."""
    return next(((name, draft.text(name)) for name in _FOLLOWED if draft.configuration.is_set(name)), ("", ""))


def note_unread_endpoint(draft: Draft) -> None:
    """Say of an address that nobody read what to write if it is meant."""
    for name in _NEVER_READ:
        if draft.configuration.is_set(name):
            draft.note(
                Fate.BY_HAND, name,
                "was never read: the bash tool uploaded to AWS. If backups belong there, write "
                f'endpoint_url = "{draft.text(name) or "…"}" into [s3]',
            )  # fmt: skip


def note_rclone_remote(draft: Draft, remote: str, secret_path: PurePosixPath) -> bool:
    """Say which variables define an rclone remote, never what they hold; return whether there are any.

    Source: rclone documentation, "Environment Variables, Config file": RCLONE_CONFIG_<REMOTE>_<KEY>.
    """
    prefix = f"{_REMOTE}{remote.upper()}_"
    names = sorted(name for name in draft.configuration.variables if name.startswith(prefix))
    if not names:
        return False
    draft.note(
        Fate.BY_HAND, ", ".join(names),
        f"define rclone's remote {remote}. Write into [s3] what they hold: …_ENDPOINT as endpoint_url, …_REGION as "
        f"region, …_ACCESS_KEY_ID as access_key_id, and …_SECRET_ACCESS_KEY into {secret_path}",
    )  # fmt: skip
    return True
