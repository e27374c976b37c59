"""Archives that the bash tool has uploaded: adopted where they lie, in a real S3 server."""

from __future__ import annotations

import hashlib
import os
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from tests.environment.daemon import PROGRAMS, Daemon
from tests.environment.s3_servers import MotoS3
from tests.environment.s3_state import objects, s3_client
from tests.unit.importing.build import NAME, put, tar_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.environment.daemon import CtlResult

CONTENT = tar_bytes()
DIGEST = hashlib.sha256(CONTENT).hexdigest()
OTHER = NAME.replace("01-15", "01-16")
FROZEN = NAME.replace("01-15", "01-17")


class Bucket:
    """A bucket as the tool's ``aws s3 cp`` has filled it, a daemon's configuration, and the tool's own."""

    def __init__(self, server: MotoS3, directory: Path, *, prefix: str) -> None:
        self._server = server
        self._client = s3_client(server)
        self._prefix = prefix
        self.tool = directory / "tool"
        (self.tool / "config").mkdir(parents=True)
        secret = directory / "s3.secret"
        secret.write_text(server.secret_access_key)
        secret.chmod(0o600)
        section: dict[str, Any] = {
            "bucket": server.bucket,
            "prefix": prefix,
            "region": server.region,
            "endpoint_url": server.endpoint_url,
            "access_key_id": server.access_key_id,
            "secret_access_key_file": str(secret),
        }
        self.daemon = Daemon(
            directory=directory / "daemon",
            servers={"oempro": {"container": "none-such"}},
            sections={"s3": section, "schedules": {"timezone": "UTC"}},
        )
        self.backups = self.daemon.backup_directory
        (self.tool / "config" / ".env").write_text(f"MYSQL_HOST=none-such\nBACKUP_DIR={self.backups}\n")

    def upload(self, name: str, *, slash: bool = False, checksum: bool = True, **options: str) -> None:
        """Put an archive and its checksum file as the tool does."""
        beginning = f"{self._prefix}/" if self._prefix else ("/" if slash else "")
        files = {name: CONTENT} | ({f"{name}.sha256": f"{DIGEST}  {name}\n".encode()} if checksum else {})
        for file, content in files.items():
            self._client.put_object(
                Bucket=self._server.bucket, Key=f"{beginning}weekly/{file}", Body=content, **options
            )

    def run_import(self, *arguments: str) -> str:
        """Adopt archives; return the report."""
        done = subprocess.run(
            [
                PROGRAMS / "octeth-backupd",
                "import",
                self.tool,
                "--archives",
                "--config",
                self.daemon.config_file,
                *arguments,
            ],
            env={"PATH": os.environ["PATH"], "LANG": "C.UTF-8"},
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def objects(self) -> dict[str, int]:
        return objects(self._server)


@pytest.fixture(scope="module")
def server() -> Iterator[MotoS3]:
    with MotoS3() as server:
        yield server


def _verify(daemon: Daemon, backup_id: str) -> CtlResult:
    return daemon.ctl("verify", backup_id, timeout_seconds=120)


def test_uploaded_archives_become_backups_where_they_lie(server: MotoS3, tmp_path: Path) -> None:
    bucket = Bucket(server, tmp_path, prefix="octeth")
    put(bucket.backups, f"weekly/{NAME}", CONTENT)
    bucket.upload(NAME)
    bucket.upload(OTHER, checksum=False)
    bucket.upload(FROZEN, StorageClass="DEEP_ARCHIVE")
    before = bucket.objects()

    dry = bucket.run_import("--dry-run")
    report = bucket.run_import()

    assert bucket.objects() == before
    assert "Nothing was changed." in dry
    assert f"s3: weekly/{NAME}: oempro-2025-01-15_02-00-00: unread" in report
    with bucket.daemon as daemon:
        copies = {backup["id"]: [copy["storage"] for copy in backup["copies"]] for backup in daemon.backups()}
        assert copies == {
            "oempro-2025-01-17_02-00-00": ["s3"],
            "oempro-2025-01-16_02-00-00": ["s3"],
            "oempro-2025-01-15_02-00-00": ["local", "s3"],
        }
        verified = _verify(daemon, "oempro-2025-01-15")
        assert verified.exit_code == 0, verified.out + verified.err + daemon.log()[-3000:]


def test_keys_that_an_empty_prefix_made_are_found_and_read(server: MotoS3, tmp_path: Path) -> None:
    bucket = Bucket(server, tmp_path, prefix="")
    bucket.upload(NAME, slash=True)

    report = bucket.run_import()

    assert f"s3: /weekly/{NAME}: oempro-2025-01-15_02-00-00: unread" in report
    with bucket.daemon as daemon:
        [backup] = daemon.backups()
        assert backup["copies"][0]["key"] == f"/weekly/{NAME}"
        verified = _verify(daemon, "latest")
        assert verified.exit_code == 0, verified.out + verified.err + daemon.log()[-3000:]
