"""Restores on the worst day: the server is down, its data or its container is gone, or the host is a new one."""

from __future__ import annotations

import hashlib
import json
import shutil
import sqlite3
import subprocess
import tarfile
import time
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.environment.availability import require_mysql_image
from tests.environment.bash_tool import BashTool
from tests.environment.daemon import Daemon
from tests.environment.docker_engine import Mount, shared_engine
from tests.environment.restoring import restoring
from tests.environment.throwaway_server import server_on

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Literal

    from tests.environment.restoring import Restoring

    Vendor = Literal["mariadb", "mysql"]

FAILED = 1
DONE = {0, 8}
BOTH = pytest.mark.parametrize("vendor", ["mariadb", "mysql"])
FILL_BYTES = 500_000
PAGE_BYTES = 16_384


@contextmanager
def a_server(directory: Path, vendor: Vendor, **options: Any) -> Iterator[Restoring]:
    if vendor == "mysql":
        require_mysql_image()
    with restoring(directory, vendor=vendor, fill_bytes=FILL_BYTES, **options) as bench:
        yield bench


@BOTH
def test_a_stopped_server_is_restored_and_started(tmp_path: Path, vendor: Vendor) -> None:
    with a_server(tmp_path, vendor) as bench:
        backup = bench.back_up()
        at_backup = bench.contents()
        bench.change(1)
        bench.server.stop()

        bench.restore(backup)

        assert bench.contents() == at_backup


@BOTH
def test_a_server_that_crashes_again_and_again_is_restored_and_stays_up(tmp_path: Path, vendor: Vendor) -> None:
    with a_server(tmp_path, vendor, server_options={"restart_policy": "always"}) as bench:
        backup = bench.back_up()
        at_backup = bench.contents()
        bench.server.stop()
        for name in ("ibdata1", "mysql.ibd"):
            path = bench.server.data_directory / name
            if path.exists():
                path.write_bytes(b"\xff" * (1 << 20))
        bench.server.start(wait=False)
        wait_for_a_crash(bench)

        bench.restore(backup)

        assert bench.contents() == at_backup
        bench.server.container.reload()
        assert bench.server.container.attrs["HostConfig"]["RestartPolicy"]["Name"] == "always"
        restarts = bench.server.container.attrs["RestartCount"]
        time.sleep(1)
        bench.server.container.reload()
        assert bench.server.container.attrs["RestartCount"] == restarts
        assert bench.contents() == at_backup


@BOTH
def test_an_emptied_data_directory_is_restored_and_not_initialised(tmp_path: Path, vendor: Vendor) -> None:
    with a_server(tmp_path, vendor) as bench:
        backup = bench.back_up()
        at_backup = bench.contents()
        bench.server.stop()
        for path in bench.server.data_directory.iterdir():
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        initialised = bench.server.server_log().count("Initializing")

        bench.restore(backup)

        assert bench.contents() == at_backup
        assert bench.server.server_log().count("Initializing") == initialised
        bench.change(1)
        bench.restore(backup)
        assert bench.contents() == at_backup


def test_a_data_directory_that_is_not_there_any_more_is_restored(tmp_path: Path) -> None:
    with a_server(tmp_path, "mariadb") as bench:
        backup = bench.back_up()
        at_backup = bench.contents()
        bench.server.stop()
        shutil.rmtree(bench.server.data_directory)

        bench.restore(backup)

        assert bench.contents() == at_backup


@BOTH
def test_a_lost_container_is_made_again_with_the_printed_command_and_restored(tmp_path: Path, vendor: Vendor) -> None:
    with a_server(tmp_path, vendor, binlogs_apart=True) as bench:
        backup = bench.back_up()
        at_backup = bench.contents()
        server, name, password = bench.server, bench.server.name, bench.server.root_password
        server.remove()
        for directory in (tmp_path / "mysql" / "data", tmp_path / "mysql-log" / "log"):
            shutil.rmtree(directory)

        dry = bench.daemon.ctl("restore", backup, "--dry-run")
        refused = bench.restore(backup, check=False)

        assert (dry.exit_code, refused.exit_code) == (FAILED, FAILED)
        assert f"docker run --detach --name {name}" in dry.out
        plan = bench.daemon.ctl("restore", backup, "--dry-run", "--json").json["plan"]
        [hint] = [refusal["hint"] for refusal in plan["refusals"] if refusal["code"] == "container_absent"]
        command = "docker create" + hint.partition("docker run --detach")[2]
        subprocess.run(
            ["sh", "-c", command.replace("'<password>'", '"$PASSWORD"')],
            check=True,
            capture_output=True,
            env={"PATH": "/usr/bin:/bin", "PASSWORD": password},
        )
        server._container = shared_engine().client.containers.get(name)
        bench.restore(backup)
        assert bench.contents() == at_backup
        assert "Initializing" not in server.server_log()


def test_a_fresh_installation_on_a_new_host_restores_a_file(tmp_path: Path) -> None:
    with a_server(tmp_path, "mariadb") as bench, ExitStack() as stack:
        bench.back_up()
        at_backup = bench.contents()
        [backup] = bench.daemon.backups()
        kept = tmp_path / "kept"
        kept.mkdir()
        archive = bench.daemon.archive(backup)
        for path in archive.parent.iterdir():
            shutil.copy2(path, kept)
        bench.daemon.stop()
        shutil.rmtree(bench.daemon.directory)
        bench.server.remove()
        shutil.rmtree(bench.server.data_directory)
        bench.server.start()
        fresh = stack.enter_context(Daemon(directory=tmp_path / "fresh", servers=bench.daemon.servers))
        new = replace(bench, daemon=fresh)

        new.restore("--file", str(kept / archive.name))

        assert new.contents() == at_backup
        assert fresh.backup().exit_code == 0
        new.undo()
        assert new.contents().tables == {}
        new.restore("latest")
        assert new.contents() == at_backup


@BOTH
def test_a_password_that_was_changed_since_the_backup_needs_the_old_one(tmp_path: Path, vendor: Vendor) -> None:
    with a_server(tmp_path, vendor) as bench:
        backup = bench.back_up()
        at_backup = bench.contents()
        old, new = bench.server.root_password, "a new one"
        bench.change_password(new)
        bench.change(1)
        before = bench.contents()
        bench.server.container.reload()
        started_at = bench.server.container.attrs["State"]["StartedAt"]

        without = bench.restore(backup, check=False)

        assert without.exit_code == FAILED
        assert "no password opens the accounts in the backup for root; nothing was changed" in without.err
        assert "--old-password-file" in without.err
        bench.server.container.reload()
        assert bench.server.container.attrs["State"]["StartedAt"] == started_at
        assert bench.contents() == before
        old_file = tmp_path / "old.password"
        old_file.write_text(old + "\n")
        result = bench.restore(backup, "--old-password-file", str(old_file), check=False)
        assert result.exit_code in DONE, result.out + result.err + bench.daemon.log()[-4000:]
        bench.server.root_password = old
        bench.server.wait_until_ready()
        assert bench.contents() == at_backup
        assert "correct password_file" in result.out + result.err
        undone = bench.daemon.ctl("undo", "--yes", timeout_seconds=200)
        assert undone.exit_code in DONE, undone.out + undone.err + bench.daemon.log()[-4000:]
        bench.server.root_password = new
        bench.server.wait_until_ready()
        assert bench.contents() == before


def test_yesterdays_backup_is_restored_twice_and_the_writes_in_between_come_back_by_undo(tmp_path: Path) -> None:
    with a_server(tmp_path, "mysql") as bench:
        backup = bench.back_up()
        at_backup = bench.contents()
        bench.change(1)
        bench.restore(backup)
        bench.change(2)
        between = bench.contents()
        bench.daemon.stop()
        bench.daemon.start()

        bench.restore(backup)

        assert bench.contents() == at_backup
        bench.undo()
        assert bench.contents() == between


@BOTH
def test_files_laid_down_in_a_directory_are_a_server_and_the_running_one_goes_on(
    tmp_path: Path, vendor: Vendor
) -> None:
    with a_server(tmp_path, vendor) as bench:
        backup = bench.back_up()
        at_backup = bench.contents()
        bench.change(1)
        before = bench.contents()
        target = tmp_path / "elsewhere" / "data"

        result = bench.daemon.ctl("restore", backup, "--to", str(target), "--yes", timeout_seconds=200)

        assert result.exit_code == 0, result.out + result.err
        assert [path.name for path in target.parent.iterdir()] == ["data"]
        again = bench.daemon.ctl("restore", backup, "--to", str(target), "--yes")
        assert again.exit_code == FAILED
        assert "target_not_empty" in again.out + again.err
        with server_on(target, vendor=vendor) as server:
            assert server.checksum_tables() == at_backup.tables
        assert bench.contents() == before
        assert bench.journals() == []


def test_the_latest_before_a_time_is_the_one_that_is_restored(tmp_path: Path) -> None:
    with a_server(tmp_path, "mariadb") as bench:
        bench.back_up()
        at_first = bench.contents()
        bench.change(1)
        second = bench.back_up()
        at_second = bench.contents()
        bench.change(2)
        [taken_at] = [backup["taken_at"] for backup in bench.daemon.backups() if backup["id"] == second]

        bench.restore("latest", "--before", taken_at)
        assert bench.contents() == at_first
        bench.restore("latest")
        assert bench.contents() == at_second
        nothing = bench.restore("latest", "--before", "2001-01-01", check=False)
        assert nothing.exit_code == 4
        assert "no good backup" in nothing.err


def test_a_deep_verification_passes_a_good_backup_and_finds_a_damaged_page_in_another(tmp_path: Path) -> None:
    with a_server(tmp_path, "mariadb") as bench:
        backup = bench.back_up()

        good = bench.daemon.ctl("verify", backup, "--deep", timeout_seconds=200)

        assert good.exit_code == 0, good.out + good.err + bench.daemon.log()[-4000:]
        good_run = bench.daemon.api(f"/v1/runs/{bench.daemon.runs()[0]['id']}")["run"]
        assert good_run["detail"]["checked_tables"] >= 4
        bench.change(1)
        damaged = bench.back_up()
        damage_a_page(bench, damaged, table="subscribers_2", directory=tmp_path)
        deep = bench.daemon.ctl("verify", damaged, "--deep", timeout_seconds=200)
        assert deep.exit_code == FAILED, deep.out + deep.err
        assert "subscribers_2" in deep.err
        [entry] = [entry for entry in bench.daemon.backups() if entry["id"] == damaged]
        assert "verify --deep" in entry["suspect"]
        plan = bench.daemon.ctl("restore", "latest", "--dry-run", "--json").json["plan"]
        assert plan["backup_id"] == backup
        assert bench.daemon.files_left() == []
        assert bench.server.scalar("SELECT 1") == 1


def test_the_bash_tools_archives_are_restored(tmp_path: Path) -> None:
    archives = tmp_path / "archives"
    archives.mkdir()
    with a_server(tmp_path, "mariadb", server_options={"mounts": (Mount(source=archives),)}) as bench:
        bench.back_up()  # from now on the server is known: its data is not taken for a stranger's
        tool = BashTool(server=bench.server, engine="mariadb-backup", directory=archives)
        prepared = tool.archive("tar prepared")
        at_prepared = bench.contents()
        bench.change(1)
        streamed = tool.archive("xbstream")
        at_streamed = bench.contents()
        bench.change(2)

        bench.restore("--file", str(prepared))
        assert bench.contents() == at_prepared
        bench.restore("--file", str(streamed))
        assert bench.contents() == at_streamed


def wait_for_a_crash(bench: Restoring) -> None:
    limit = time.monotonic() + 30
    while True:
        bench.server.container.reload()
        if bench.server.container.attrs["RestartCount"]:
            return
        assert time.monotonic() < limit, bench.server.server_log()[-2000:]
        time.sleep(0.1)


def damage_a_page(bench: Restoring, backup_id: str, *, table: str, directory: Path) -> None:
    """Make a backup whose checksums are right hold a table with a damaged page in its middle."""
    [backup] = [backup for backup in bench.daemon.backups() if backup["id"] == backup_id]
    archive = bench.daemon.archive(backup)
    plain, made = directory / "plain.tar", directory / "damaged.tar"
    subprocess.run(["zstd", "-q", "-d", archive, "-o", plain], check=True)
    with tarfile.open(plain) as source, tarfile.open(made, "w") as target:
        for member in source:
            content = source.extractfile(member) if member.isfile() else None
            if content is not None and member.name.endswith(f"/{table}.ibd"):
                damaged = directory / "damaged.ibd"
                data = bytearray(content.read())
                page = 4 * PAGE_BYTES
                data[page + 200 : page + PAGE_BYTES - 200] = b"\xa5" * (PAGE_BYTES - 400)
                damaged.write_bytes(data)
                with damaged.open("rb") as file:
                    target.addfile(member, file)
            else:
                target.addfile(member, content)
    archive.unlink()
    subprocess.run(["zstd", "-q", made, "-o", archive], check=True)
    digest, size_bytes = hashlib.sha256(archive.read_bytes()).hexdigest(), archive.stat().st_size
    Path(f"{archive}.sha256").write_text(f"{digest}  {archive.name}\n")
    manifest_file = Path(f"{archive}.json")
    manifest = json.loads(manifest_file.read_text())
    manifest["archive"].update(sha256=digest, size_bytes=size_bytes)
    manifest["sizes"]["archive_bytes"] = size_bytes
    manifest_file.write_text(json.dumps(manifest))
    bench.daemon.stop()
    with closing(sqlite3.connect(bench.daemon.state_directory / "catalog.sqlite")) as catalog, catalog:
        catalog.execute(
            "UPDATE backups SET sha256 = ?, archive_bytes = ? WHERE backup_id = ?", (digest, size_bytes, backup_id)
        )
        catalog.execute("UPDATE copies SET size_bytes = ? WHERE backup_id = ?", (size_bytes, backup_id))
    bench.daemon.start()
