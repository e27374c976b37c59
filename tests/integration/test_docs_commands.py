"""The commands of the pages for operators, run in their order against a real daemon, server and bucket."""

from __future__ import annotations

import shutil
import subprocess
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import pytest

from tests.environment.daemon import PROGRAMS, Daemon
from tests.environment.docs_commands import (
    DAEMON,
    NOT_RUN,
    WORST_DAY,
    DocumentedCommand,
    commands_of,
    operators_pages,
)
from tests.environment.restoring import Restoring, restoring
from tests.environment.s3_servers import RcloneS3

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from tests.environment.s3_servers import S3Server

pytestmark = pytest.mark.timeout(600)

SECRET_FILE = "s3.secret"
# They exist, and none comes due while the test runs.
ONCE_A_YEAR = {"daily": "0 0 1 1 *", "weekly": "0 0 1 1 *", "monthly": "0 0 1 1 *"}
INVALID_REQUEST = 2
FILL_BYTES = 500_000
EXAMPLE_ARCHIVE = "/mnt/usb/octeth-backup-2026-11-22_02-00-00.tar.zst"
PASSWORD_OF_THEN = "/root/old.password"
CONFIRMED: Final = frozenset({"restore", "undo", "delete"})
"""Commands that ask for the server's name on a terminal."""
REFUSED: Final[Mapping[str, str]] = {"accept": "nothing about backup", "cancel": "is over"}
"""Commands that this daemon must refuse as things are, and what it says: no backup is doubted, no run goes on."""
OF_A_LOST_HOST: Final = "--adopt"


@contextmanager
def a_bench(directory: Path, bucket: S3Server) -> Iterator[Restoring]:
    secret = directory / SECRET_FILE
    secret.write_text(bucket.secret_access_key + "\n")
    secret.chmod(0o600)
    s3 = {
        "bucket": bucket.bucket,
        "prefix": "octeth",
        "region": bucket.region,
        "endpoint_url": bucket.endpoint_url,
        "access_key_id": bucket.access_key_id,
        "secret_access_key_file": secret,
    }
    sections: dict[str, dict[str, Any]] = {"s3": s3, "schedules": {**ONCE_A_YEAR, "timezone": "UTC"}}
    with restoring(directory, vendor="mariadb", fill_bytes=FILL_BYTES, sections=sections) as bench:
        yield bench


@dataclass(kw_only=True)
class Reader:
    """Somebody who types what a page says, with the names of this installation in place of the examples'.

    Attributes:
        stand_ins: Words of the examples → what this installation has.
        restored: A restore was done: of the others that replace the data only the plan is asked for.
    """

    bench: Restoring
    stand_ins: dict[str, str] = field(default_factory=dict)
    restored: bool = False

    def type(self, command: DocumentedCommand) -> str:
        """Run a command and return what it says; it must do what the page promises."""
        if command.program == DAEMON:
            done = self._program(*command.arguments, "--config", str(self.bench.daemon.config_file))
            assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
            return done.stdout
        result = self.bench.daemon.ctl(*self._arguments(command), timeout_seconds=300)
        said = result.out + result.err
        if command.command in REFUSED:
            assert (result.exit_code, REFUSED[command.command] in said) == (INVALID_REQUEST, True), f"{command}: {said}"
        else:
            assert result.exit_code == 0, f"{command.page.name}: {command}: {said}"
        return said

    def _arguments(self, command: DocumentedCommand) -> list[str]:
        words = [self._meant(word, command) for word in command.arguments]
        if command.command not in CONFIRMED or "--dry-run" in words:
            return words
        if command.command == "restore" and "--to" not in words:
            if self.restored:
                return [*words, "--dry-run"]
            self.restored = True
        return [*words, "--yes"]

    def _meant(self, word: str, command: DocumentedCommand) -> str:
        if word.startswith("2026-") and "T" in word:
            return datetime.now(UTC).isoformat()
        if word == "RUN":
            return str(self.bench.daemon.runs()[0]["id"])
        if word in {"ID", "2026-11-22", "2026-11-22_02"}:
            backups = self.bench.daemon.backups()
            # What is deleted must not be the newest.
            oldest_first = [entry["id"] for entry in reversed(backups) if entry["status"] == "good"]
            return str(oldest_first[0] if command.command == "delete" else oldest_first[-1])
        return self.stand_ins.get(word, word)

    def _program(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([PROGRAMS / DAEMON, *arguments], capture_output=True, text=True, timeout=60, check=False)


def is_run(command: DocumentedCommand) -> bool:
    return command.is_ours and (command.program, command.command) not in NOT_RUN


def test_commands_of_the_pages_do_what_they_say(tmp_path: Path) -> None:
    with RcloneS3() as bucket, a_bench(tmp_path, bucket) as bench:
        older = bench.back_up()
        bench.change(1)
        bench.back_up()
        [entry] = [entry for entry in bench.daemon.backups() if entry["id"] == older]
        kept = tmp_path / "kept"
        shutil.copytree(bench.daemon.archive(entry).parent, kept)
        reader = Reader(
            bench=bench,
            stand_ins={
                "/var/backups/octeth/.look": str(tmp_path / "look"),
                "/srv/look/shop": str(tmp_path / "shop"),
                EXAMPLE_ARCHIVE: str(kept / bench.daemon.archive(entry).name),
                PASSWORD_OF_THEN: str(tmp_path / "root.password"),
                "500MB": "1kB",
            },
        )
        typed = set()

        for page in operators_pages():
            for command in commands_of(page) if page != WORST_DAY else ():
                if not is_run(command) or str(command) in typed or OF_A_LOST_HOST in command.words:
                    continue
                reader.type(command)
                typed.add(str(command))

        assert len(typed) > 30
        assert bench.daemon.files_left() == []


def test_a_new_host_with_nothing_but_the_bucket_comes_back_by_the_page_for_the_worst_day(tmp_path: Path) -> None:
    with RcloneS3() as bucket, a_bench(tmp_path, bucket) as lost:
        lost.back_up()
        at_backup = lost.contents()
        installation = (lost.daemon.state_directory / "installation-id").read_text().strip()
        lost.daemon.stop()
        shutil.rmtree(lost.daemon.directory)
        lost.server.remove()
        shutil.rmtree(lost.server.data_directory)

        # Steps 1 to 4: a server, the program, the configuration.
        lost.server.start()
        daemon = Daemon(directory=tmp_path / "new", servers=lost.daemon.servers, sections=lost.daemon.sections)
        daemon.backup_directory.mkdir(mode=0o700)  # as the package does
        with daemon:
            reader = Reader(bench=replace(lost, daemon=daemon), stand_ins={"INSTALLATION": installation[:8]})
            said = {str(command): reader.type(command) for command in commands_of(WORST_DAY) if is_run(command)}

            assert reader.restored
            lost.server.wait_until_ready()
            assert reader.bench.contents() == at_backup
            assert "adopted" in said["octeth-backupctl sync --adopt INSTALLATION"]
            assert "This can be done. Nothing was touched so far." in said["octeth-backupctl restore latest --dry-run"]
            assert "success" in said["octeth-backupctl restore latest"]
            assert "safety copy" in said["octeth-backupctl status"]
