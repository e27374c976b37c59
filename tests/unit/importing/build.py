"""The bash tool's tree, small and made by hand."""

from __future__ import annotations

import gzip
import hashlib
import io
import tarfile
from pathlib import Path

from octeth_backupd.process.host import HostRunner
from octeth_backupd.process.mark import RunMark
from octeth_backupd.process.redaction import Redactor

CHECKPOINTS = "backup_type = full-prepared\nfrom_lsn = 0\nto_lsn = 100\nlast_lsn = 109\n"
INFO = "tool_name = xtrabackup\ntool_version = 8.0.35\nserver_version = 8.0.36\n"
NAME = "octeth-backup-2025-01-15_02-00-00.tar.gz"


def host_runner(path: str | None = None) -> HostRunner:
    return HostRunner(mark=RunMark("import", "import"), redactor=Redactor(()), path=path)


def tar_bytes(
    name: str = NAME, *, checkpoints: str = CHECKPOINTS, info: str = INFO, data: bytes = b"x" * 3000
) -> bytes:
    """Return an archive as the tool makes it, the same whenever it is made: one top directory, gzip."""
    top = name.removesuffix(".tar.gz")
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w") as archive:
        for path, content in (
            ("ibdata1", data),
            ("xtrabackup_checkpoints", checkpoints.encode()),
            ("xtrabackup_info", info.encode()),
            ("z.ibd", data),
        ):
            member = tarfile.TarInfo(f"{top}/{path}")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return gzip.compress(plain.getvalue(), mtime=0)


def put(root: Path, key: str, content: bytes, *, checksum: str | None = "right") -> Path:
    """Write an archive as the tool leaves it: readable by all, its checksum beside it."""
    path = root / key
    path.parent.mkdir(parents=True, exist_ok=True)
    path.parent.chmod(0o755)
    path.write_bytes(content)
    path.chmod(0o644)
    if checksum is not None:
        digest = hashlib.sha256(content).hexdigest() if checksum == "right" else checksum
        beside = path.with_name(f"{path.name}.sha256")
        beside.write_text(f"{digest}  {path.name}\n")
        beside.chmod(0o644)
    return path
