"""Moving from the bash tool: its own archives of a real server, our import, our daemon, and a restore."""

from __future__ import annotations

import hashlib
import os
import stat
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.environment.bash_installation import CRONTAB, BashInstallation
from tests.environment.daemon import PROGRAMS, Daemon
from tests.environment.database_containers import MariaDbContainer, unique_name
from tests.environment.docker_engine import Mount

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

PREPARED = "oempro-2025-01-15_02-00-00"
STREAMED = "oempro-2025-01-19_02-00-00"


@dataclass(frozen=True, kw_only=True)
class Move:
    """A host with the bash tool, and what its server held when each archive was made."""

    installation: BashInstallation
    directory: Path
    contents: Mapping[str, Mapping[str, int]]

    @property
    def config(self) -> Path:
        return self.directory / "etc" / "config.toml"

    @property
    def spool(self) -> Path:
        return self.directory / "spool"

    def environment(self) -> dict[str, str]:
        """Return what keeps daemon and import within the directory, and asks for no large disk."""
        run = self.directory / "run"
        return {
            "OCTETH_BACKUPD_DAEMON__STATE_DIRECTORY": str(self.directory / "state"),
            "OCTETH_BACKUPD_DAEMON__RUNTIME_DIRECTORY": str(run),
            "OCTETH_BACKUPD_DAEMON__LOG_FORMAT": "json",
            "OCTETH_BACKUPD_CONTROL__SOCKET": str(run / "control.sock"),
            "OCTETH_BACKUPD_SCHEDULES__TIMEZONE": "UTC",
            "OCTETH_BACKUPD_SCHEDULES__DAILY": "",
            "OCTETH_BACKUPD_SCHEDULES__WEEKLY": "",
            "OCTETH_BACKUPD_SCHEDULES__MONTHLY": "",
            "OCTETH_BACKUPD_BACKUP__SPACE_MARGIN": "16 MiB",
            "OCTETH_BACKUPD_BACKUP__MIN_FREE": "16 MiB",
            "OCTETH_BACKUPD_BACKUP__MAX_DISK_USAGE_PERCENT": "99",
            "OCTETH_BACKUPD_RESTORE__FLUSH_SECONDS": "2",
        }

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Import with a crontab of root's that is not this machine's."""
        # A mount namespace of its own: whatever /var/spool/cron holds here is neither read nor written.
        script = (
            "mount -t tmpfs none /var/spool && mkdir -p /var/spool/cron && "
            'cp -a "$SPOOL" /var/spool/cron/crontabs && "$@"; code=$?; '
            'cp -a /var/spool/cron/crontabs/. "$SPOOL/" && exit $code'
        )
        program = PROGRAMS / "octeth-backupd"
        command: list[str | Path] = [program, "import", self.installation.tool, "--config", self.config, *arguments]
        return subprocess.run(
            ["unshare", "--mount", "sh", "-c", script, "sh", *command],
            env={"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "SPOOL": str(self.spool), **self.environment()},
            capture_output=True,
            text=True,
            check=False,
            timeout=240,
        )

    def snapshot(self) -> dict[str, Any]:
        """Return everything that can be seen of the tool's files, of the archives, and of what an import makes."""
        found: dict[str, Any] = {}
        own = (self.directory / "etc", self.directory / "state")
        for root in (self.installation.tool, self.installation.backups, *own):
            for path in sorted((root, *root.rglob("*")) if root.exists() else ()):
                facts = path.lstat()
                digest = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
                times = (facts.st_mtime_ns, facts.st_ctime_ns)
                found[str(path)] = (facts.st_mode, facts.st_uid, facts.st_ino, times, digest)
        found["crontab"] = (self.spool / "root").read_bytes()
        return found


@pytest.fixture
def move(tmp_path: Path) -> Iterator[Move]:
    (tmp_path / "archives").mkdir()
    (tmp_path / "mysql").mkdir()
    (tmp_path / "spool").mkdir()
    (tmp_path / "spool" / "root").write_text(CRONTAB)
    with MariaDbContainer(
        data_directory=tmp_path / "mysql" / "data",
        name=unique_name("import"),
        mounts=[Mount(source=tmp_path / "archives")],
    ) as server:
        server.fill(1_000_000)
        installation = BashInstallation(server=server, directory=tmp_path)
        installation.install()
        contents = {PREPARED: server.checksum_tables()}
        installation.archive("tar prepared", "daily/2025-01-15_02-00-00")
        server.sql("CREATE TABLE oempro.later (id INT PRIMARY KEY) SELECT 1 AS id")
        contents[STREAMED] = server.checksum_tables()
        installation.archive("xbstream", "weekly/2025-01-19_02-00-00", checksum=False)
        server.sql("DROP TABLE oempro.later")
        whole = next((installation.backups / "daily").glob("*.tar.gz")).read_bytes()
        partial = installation.backups / "monthly" / "octeth-backup-2025-02-01_02-00-00.tar.gz"
        partial.parent.mkdir()
        partial.write_bytes(whole[: len(whole) // 2])
        yield Move(installation=installation, directory=tmp_path, contents=contents)


def test_from_the_bash_tool_to_a_restored_server(move: Move) -> None:
    server = move.installation.server
    before = move.snapshot()

    dry = move.run("--dry-run", "--remove-cron")
    assert dry.returncode == 0, dry.stderr
    assert move.snapshot() == before
    assert server.root_password not in dry.stdout + dry.stderr
    assert "and so does Docker" in dry.stdout

    done = move.run("--remove-cron")
    assert done.returncode == 0, done.stderr
    assert f"{PREPARED}: verified" in done.stdout
    assert f"{STREAMED}: unverified" in done.stdout
    assert "2025-02-01_02-00-00.tar.gz: partial" in done.stdout
    assert (move.spool / "root").read_text() == "".join(CRONTAB.splitlines(keepends=True)[i] for i in (0, 3))
    archive = next((move.installation.backups / "daily").glob("*.tar.gz"))
    assert stat.S_IMODE(archive.stat().st_mode) == 0o600

    daemon = Daemon(directory=move.directory / "daemon", servers={}, environment=move.environment())
    daemon.config_file, daemon.backup_directory = move.config, move.installation.backups
    daemon.runtime_directory = move.directory / "run"
    daemon.socket = daemon.runtime_directory / "control.sock"
    with daemon:
        assert [backup["id"] for backup in daemon.backups()] == [STREAMED, PREPARED]
        assert {backup["origin"] for backup in daemon.backups()} == {"legacy"}
        shown = daemon.ctl("show", PREPARED)
        assert (shown.exit_code, "the bash tool" in shown.out) == (0, True), shown.out + shown.err
        refused = move.run("--archives")
        assert (refused.returncode, "systemctl stop octeth-backupd" in refused.stderr) == (75, True), refused.stderr

        taken = daemon.backup("--json")  # from now on the server is known: its data is not taken for a stranger's
        assert taken.exit_code == 0, taken.err + daemon.log()[-3000:]
        for backup_id in (PREPARED, STREAMED):
            verified = daemon.ctl("verify", backup_id, timeout_seconds=200)
            assert verified.exit_code == 0, verified.out + verified.err
        for backup_id in (STREAMED, PREPARED):
            restored = daemon.ctl("restore", backup_id, "--yes", timeout_seconds=300)
            assert restored.exit_code == 0, restored.out + restored.err + daemon.log()[-5000:]
            server.wait_until_ready()
            assert server.checksum_tables() == move.contents[backup_id]
        deep = daemon.ctl("verify", PREPARED, "--deep", timeout_seconds=300)
        assert deep.exit_code == 0, deep.out + deep.err + daemon.log()[-5000:]
        verified_at = [copy["verified_at"] for backup in daemon.backups() for copy in backup["copies"]]
        assert None not in verified_at
        assert daemon.files_left() == []
