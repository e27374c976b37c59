"""An import from begin to end, on a machine of its own."""

from __future__ import annotations

import hashlib
import os
import stat
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pytest

from octeth_backupd.catalog.store import Catalog
from octeth_backupd.daemon.instance_lock import InstanceLock
from octeth_backupd.domain.legacy.report import Fate
from octeth_backupd.errors import BusyError, ConfigurationError, InvalidRequestError, NotFoundError, StorageError
from octeth_backupd.importing.crontabs import CronPlaces, Crontabs
from octeth_backupd.importing.importer import ImportOrder, ImportResult, Machine, run_import
from octeth_backupd.importing.sources import find_sources
from octeth_backupd.pipeline.retention.confirmation import CONFIRMED_META
from octeth_backupd.settings.load import load
from octeth_backupd.storage.directory import BackupDirectory
from octeth_backupd.storage.local import LocalStorage
from tests.fakes.catalog_values import StandingClock
from tests.fakes.storage import MemoryStorage
from tests.unit.importing.build import NAME, host_runner, put, tar_bytes

if TYPE_CHECKING:
    from octeth_backupd.process.docker import Docker

ID = "oempro-2025-01-15_02-00-00"
CRONTAB = b"0 5 * * * /opt/bin/octeth-backup.sh\n0 3 * * * /opt/bin/octeth-ch-backup.sh\n"
ENV = """\
MYSQL_HOST=oempro_mysql
MYSQL_ROOT_PASSWORD='hunter2$'
MYSQL_DATABASE=oempro
BACKUP_DIR={backups}
RETENTION_DAILY=14
LOCK_FILE={lock}
"""


class _NoDocker:
    def inspect_container(self, name: str) -> dict[str, Any]:
        raise NotFoundError(f"no container is named {name}")


class Host:
    """A host with the bash tool on it, in a directory."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.tool, self.backups, self.state = root / "tool", root / "backups", root / "state"
        self.config = root / "etc" / "config.toml"
        self.crontab = root / "spool" / "root"
        self.remote = MemoryStorage("s3", is_remote=True)
        self.said: list[str] = []
        (self.tool / "config").mkdir(parents=True)
        self.write_env(ENV)
        put(self.backups, f"daily/{NAME}", tar_bytes())
        self.crontab.parent.mkdir()
        self.crontab.write_bytes(CRONTAB)

    def write_env(self, text: str) -> None:
        (self.tool / "config/.env").write_text(text.format(backups=self.backups, lock=self.root / "lock"))

    def environment(self) -> dict[str, str]:
        return {
            "OCTETH_BACKUPD_DAEMON__STATE_DIRECTORY": str(self.state),
            "OCTETH_BACKUPD_SCHEDULES__TIMEZONE": "UTC",
        }

    def machine(self) -> Machine:
        runner = host_runner("/nonexistent")
        places = CronPlaces(spools=(self.crontab.parent,), directories=(), files=())
        local = LocalStorage(BackupDirectory(self.backups, fstab=self.root / "no-fstab"))
        return Machine(
            clock=StandingClock(),
            docker=cast("Docker", _NoDocker()),
            host_runner=runner,
            crontabs=Crontabs(runner, places),
            environment=self.environment(),
            storages_of=lambda _: (local, self.remote),
            say=self.said.append,
        )

    def run(self, **order: Any) -> ImportResult:
        return run_import(
            ImportOrder(**({"config": self.config} | order)), find_sources(self.tool, elsewhere=()), self.machine()
        )

    def catalog(self) -> Catalog:
        return Catalog.open(self.state / "catalog.sqlite", clock=StandingClock())

    def snapshot(self) -> dict[str, tuple[Any, ...]]:
        """Return everything that can be seen of every file, but not the time of the last reading."""
        found = {}
        for path in sorted(self.root.rglob("*")):
            facts = path.lstat()
            content = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
            found[str(path)] = (
                facts.st_mode,
                facts.st_uid,
                facts.st_mtime_ns,
                facts.st_ctime_ns,
                facts.st_ino,
                content,
            )
        return found


@pytest.fixture
def host(tmp_path: Path) -> Host:
    return Host(tmp_path)


def test_dry_run_changes_nothing_and_shows_everything(host: Host) -> None:
    before = host.snapshot()

    result = host.run(dry_run=True, remove_cron=True)

    assert host.snapshot() == before
    assert 'container = "oempro_mysql"' in result.config_text
    assert any(note.fate is Fate.ADOPTED for note in result.notes)
    assert any("octeth-backup.sh" in line for line in result.cron)
    assert "hunter2" not in repr(result)


def test_import_writes_configuration_and_secret_and_adopts_what_is_there(host: Host) -> None:
    result = host.run()

    settings = load(host.config, host.environment())
    assert settings.servers["oempro"].password.get_secret_value() == "hunter2$"
    assert settings.retention.daily == 14
    assert settings.schedules.daily == "0 5 * * *"
    assert [path.name for path in result.written] == ["oempro.password", "config.toml"]
    catalog = host.catalog()
    assert catalog.find_backup("latest").backup_id == ID
    assert catalog.meta(CONFIRMED_META) == ""
    assert (host.state / "installation-id").read_text().strip() == catalog.backup(ID).installation_id
    catalog.close()


def test_archives_keep_name_place_content_and_time_and_lose_their_rights(host: Host) -> None:
    archive = host.backups / "daily" / NAME
    before, content = archive.stat(), archive.read_bytes()

    host.run()

    after = archive.stat()
    assert (after.st_ino, after.st_mtime_ns, archive.read_bytes()) == (before.st_ino, before.st_mtime_ns, content)
    assert stat.S_IMODE(after.st_mode) == 0o600
    assert stat.S_IMODE(archive.parent.stat().st_mode) == 0o700


def test_second_import_is_refused_and_changes_nothing(host: Host) -> None:
    host.run()
    before = host.config.read_bytes()

    with pytest.raises(ConfigurationError, match="not overwritten"):
        host.run()

    assert host.config.read_bytes() == before


def test_output_writes_the_configuration_elsewhere_and_nothing_more(host: Host) -> None:
    host.run()
    elsewhere = host.root / "new" / "config.toml"

    result = host.run(output=elsewhere, remove_cron=False)

    assert [path.parent for path in result.written] == [elsewhere.parent] * 2
    assert load(elsewhere, host.environment()).servers["oempro"].password.get_secret_value() == "hunter2$"


def test_output_takes_no_lock_and_makes_no_state(host: Host) -> None:
    host.run(output=host.root / "new" / "config.toml")

    assert not host.state.exists()
    assert stat.S_IMODE((host.backups / "daily" / NAME).stat().st_mode) == 0o644


def test_archives_alone_are_adopted_under_the_configuration_that_is_there(host: Host) -> None:
    host.run()
    later = NAME.replace("01-15", "01-16")
    put(host.backups, f"daily/{later}", tar_bytes())
    before = host.config.stat().st_mtime_ns

    result = host.run(archives_only=True)

    catalog = host.catalog()
    assert catalog.backup_id_exists(ID.replace("01-15", "01-16"))
    catalog.close()
    assert host.config.stat().st_mtime_ns == before
    assert result.written == ()


def test_archives_of_a_server_that_is_not_configured_are_refused(host: Host) -> None:
    host.run()

    with pytest.raises(InvalidRequestError, match="no server 'other'"):
        host.run(archives_only=True, server="other")


def test_running_daemon_is_not_disturbed(host: Host) -> None:
    host.state.mkdir()

    with InstanceLock(host.state), pytest.raises(BusyError) as caught:
        host.run()

    assert "systemctl stop octeth-backupd" in caught.value.hint
    assert not host.config.exists()


def test_running_bash_tool_is_waited_for(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    running = [(77, ("/bin/bash", "/opt/bin/octeth-backup.sh"))]
    monkeypatch.setattr("octeth_backupd.importing.old_tool.command_lines", lambda: iter(running))

    with pytest.raises(BusyError, match="pid 77"):
        host.run()

    assert not host.config.exists()
    assert host.run(dry_run=True).config_text


def test_configuration_that_could_not_be_used_is_not_written(host: Host) -> None:
    host.write_env(ENV.replace("{backups}", "/etc"))

    with pytest.raises(ConfigurationError, match="/etc belongs to the system"):
        host.run()

    assert not host.config.exists()
    assert not host.state.exists()


def test_cron_lines_go_last_and_only_when_asked(host: Host) -> None:
    host.run()
    assert host.crontab.read_bytes() == CRONTAB

    result = host.run(archives_only=True, remove_cron=True)

    assert host.crontab.read_bytes() == CRONTAB.split(b"\n", 1)[1]
    assert "1 line removed" in result.removed[0]
    assert "0 5 * * * /opt/bin/octeth-backup.sh" in result.removed[1]
    assert result.cron == ()
    assert [stat.S_IMODE(path.stat().st_mode) for path in host.config.parent.glob("*.before")] == [0o600]


def test_cron_line_that_does_more_stays_and_is_shown(host: Host) -> None:
    more = b"0 6 * * * /opt/bin/octeth-cleanup.sh && /usr/local/bin/tidy\n"
    host.crontab.write_bytes(CRONTAB + more)

    result = host.run(remove_cron=True)

    assert host.crontab.read_bytes().endswith(more)
    assert any("octeth-cleanup.sh" in line for line in result.cron)
    assert any("by hand" in line for line in result.cron)


def test_time_zone_of_the_names_can_be_said(host: Host) -> None:
    host.run(timezone="Europe/Berlin")

    catalog = host.catalog()
    assert catalog.backup_id_exists("oempro-2025-01-15_01-00-00")
    catalog.close()


def test_time_zone_that_does_not_exist_is_refused(host: Host) -> None:
    with pytest.raises(ConfigurationError, match="Moon"):
        host.run(timezone="Moon")

    assert not host.config.exists()


def test_storage_that_cannot_be_listed_is_left_for_later(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(prefix: str = "") -> Any:
        raise ConfigurationError(f"no access to {prefix}")

    monkeypatch.setattr(host.remote, "list", refuse)

    notes = host.run().notes

    assert any(note.subject == "s3" and "import --archives" in note.message for note in notes)
    assert host.config.exists()


def test_archive_that_cannot_be_read_keeps_no_other_from_being_adopted(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(host.backups, f"daily/{NAME.replace('01-15', '01-16')}", tar_bytes())
    whole = LocalStorage.open

    def open_or_fail(storage: LocalStorage, key: str) -> Any:
        if key == f"daily/{NAME}":
            raise StorageError("input/output error")
        return whole(storage, key)

    monkeypatch.setattr(LocalStorage, "open", open_or_fail)

    notes = {note.subject: (note.fate, note.message) for note in host.run().notes}

    assert notes[f"local: daily/{NAME}"] == (Fate.LEFT_ALONE, "cannot be read: input/output error")
    assert notes[f"local: daily/{NAME.replace('01-15', '01-16')}"][0] is Fate.ADOPTED


def test_nothing_could_expire_before_the_operator_was_asked(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    def die(*_: Any) -> Any:
        raise KeyboardInterrupt

    monkeypatch.setattr("octeth_backupd.importing.importer.tighten_modes", die)

    with pytest.raises(KeyboardInterrupt):
        host.run()

    catalog = host.catalog()
    assert (catalog.backup_id_exists(ID), catalog.meta(CONFIRMED_META)) == (True, "")
    catalog.close()
    assert not host.config.exists()


def test_import_that_was_killed_is_simply_run_again(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    def die(*_: Any) -> Any:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("octeth_backupd.importing.importer.write_files", die)
        with pytest.raises(KeyboardInterrupt):
            host.run()

    assert host.config in host.run().written


def test_remote_archive_without_a_local_one_is_adopted(host: Host) -> None:
    later = NAME.replace("01-15", "01-16")
    host.remote.files[f"weekly/{later}"] = b"x" * 100

    host.run()

    catalog = host.catalog()
    [copy] = catalog.backup(ID.replace("01-15", "01-16")).copies
    catalog.close()
    assert (copy.storage, copy.key, copy.verified_at) == ("s3", f"weekly/{later}", None)


def test_names_that_tell_no_time_leave_the_archives_alone(host: Host) -> None:
    (host.tool / "config/backup.conf").write_text('DATE_FORMAT="%s"\n')

    notes = host.run().notes

    assert any(note.subject == "DATE_FORMAT" and note.fate is Fate.BY_HAND for note in notes)
    assert not any(note.fate is Fate.ADOPTED for note in notes)


def test_directory_without_archives_is_no_error(host: Host) -> None:
    host.write_env(ENV.replace("{backups}", str(host.root / "later")))
    machine = host.machine()
    local = LocalStorage(BackupDirectory(host.root / "later", fstab=host.root / "no-fstab"))

    result = run_import(
        ImportOrder(config=host.config),
        find_sources(host.tool, elsewhere=()),
        replace(machine, storages_of=lambda _: (local,)),
    )

    assert host.config in result.written
    assert not (host.root / "later").exists()


def test_other_env_files_and_a_missing_backup_conf_are_named(host: Host) -> None:
    (host.tool / ".env").write_text("A=1\n")
    (host.tool / "config/.env").chmod(0o644)

    subjects = {note.subject for note in host.run(dry_run=True).notes}

    assert {str(host.tool / ".env"), str(host.tool / "config/.env"), "backup.conf"} <= subjects


def test_umask_of_the_caller_does_not_matter(host: Host) -> None:
    before = os.umask(0)
    try:
        host.run()
    finally:
        os.umask(before)

    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (host.config, host.config.parent, host.state)}
    assert modes == {"config.toml": 0o640, "etc": 0o750, "state": 0o700}
