"""A second copy of a backup, in S3, put there without the daemon's doing."""

from __future__ import annotations

import shutil
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from octeth_backupd.catalog.store import Catalog
from octeth_backupd.process.cancellation import Cancellation
from octeth_backupd.process.clock import SystemClock
from octeth_backupd.storage.s3 import S3Storage
from octeth_backupd.storage.s3_settings import S3Settings
from tests.fakes.upload_ledger import MemoryUploadLedger

if TYPE_CHECKING:
    from pathlib import Path

    from tests.environment.daemon import Daemon
    from tests.environment.s3_servers import S3Endpoint

PREFIX = "octeth"


def s3_section(endpoint: S3Endpoint) -> dict[str, Any]:
    """Return the table ``[s3]`` for a test server, or a proxy in front of one."""
    return {
        "bucket": endpoint.bucket,
        "prefix": PREFIX,
        "region": endpoint.region,
        "endpoint_url": endpoint.endpoint_url,
        "access_key_id": endpoint.access_key_id,
        "secret_access_key": endpoint.secret_access_key,
        "connect_timeout_seconds": 5,
        "read_timeout_seconds": 10,
    }


def add_s3_copy(daemon: Daemon, backup_id: str, archive: Path, endpoint: S3Endpoint) -> str:
    """Bring a backup to S3 and into the catalog, and start the daemon again with that storage, which it learns of now.

    Returns:
        Key of the object that the archive is.
    """
    daemon.stop()
    section, clock = s3_section(endpoint), SystemClock()
    storage = S3Storage("s3", S3Settings.model_validate(section), uploads=MemoryUploadLedger(), clock=clock)
    with closing(Catalog.open(daemon.state_directory / "catalog.sqlite", clock=clock)) as catalog:
        backup = catalog.backup(backup_id)
        [local] = backup.copies
        sent = archive.with_name("to-be-sent")
        shutil.copy2(archive, sent)
        storage.put(sent, local.key, sha256=backup.sha256, cancellation=Cancellation())
        sent.unlink()
        for suffix in (".sha256", ".json"):
            storage.put_text(local.key + suffix, archive.with_name(archive.name + suffix).read_text())
        catalog.add_copy(replace(local, storage="s3", verified_at=None))
    daemon.sections = {**daemon.sections, "s3": section}
    daemon.write_config()
    daemon.start()
    return f"{PREFIX}/{local.key}"
