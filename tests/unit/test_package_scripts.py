"""What the packages' scripts do, with programs of systemd that only note that they were called."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).resolve().parents[2] / "packaging" / "scripts"
IDLE = '{"servers": [{"name": "oempro", "active_run": null}]}'
BUSY = '{"servers": [{"name": "oempro", "active_run": {"operation": "backup"}}]}'


class PackagedHost:
    """A host beneath a directory; ``state``, ``config`` and ``drop_ins`` are where the scripts look for them."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.state = directory / "state"
        self.config = directory / "config.toml"
        self.drop_ins = directory / "drop-ins"
        self.restart = directory / "restart"
        (directory / "bin").mkdir()
        for name in ("systemctl", "systemd-sysusers", "systemd-tmpfiles", "sleep"):
            self.program(name, f'echo "{name} $*"')

    def program(self, name: str, script: str) -> None:
        """Put a program into the PATH."""
        path = self.directory / "bin" / name
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)

    def run(self, script: str, *arguments: str) -> str:
        """Run a script, or commands, after the functions, and return what was said."""
        file = SCRIPTS / script
        text = (SCRIPTS / "functions.sh").read_text() + (file.read_text() if file.is_file() else script)
        for usual, here in (
            ("/run/octeth-backupd.restart", self.restart),
            ("/var/lib/octeth-backupd", self.state),
            ("config=/etc/octeth-backupd/config.toml", f"config={self.config}"),
            ("/etc/systemd/system/octeth-backupd.service.d", self.drop_ins),
            ("/opt/octeth-backupd/bin/python", "/usr/bin/python3"),
            ("/run/systemd/system", self.directory),
        ):
            text = text.replace(usual, str(here))
        done = subprocess.run(
            ["sh", "-ec", text, "script", *arguments],
            capture_output=True,
            text=True,
            check=False,
            env={"PATH": f"{self.directory}/bin:/usr/bin:/bin"},
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@pytest.fixture
def host(tmp_path: Path) -> PackagedHost:
    return PackagedHost(tmp_path)


@pytest.mark.parametrize("what", ["abort-upgrade", "abort-remove", "abort-deconfigure"])
def test_daemon_that_an_upgrade_stopped_starts_again_when_the_upgrade_fails(host: PackagedHost, what: str) -> None:
    host.restart.touch()

    said = host.run("deb/postinst", what, "0.2.0-1")

    assert said.splitlines()[0] == "systemctl start octeth-backupd.service"
    assert not host.restart.exists()


def test_daemon_that_did_not_run_is_not_started_when_an_upgrade_fails(host: PackagedHost) -> None:
    assert "systemctl start" not in host.run("deb/postinst", "abort-upgrade", "0.2.0-1")


NOT_STARTED = (
    "octeth-backupd is installed and NOT started, and no backups are made: systemctl enable --now octeth-backupd"
)


@pytest.mark.parametrize(
    ("script", "arguments"),
    [
        ("deb/postinst", ("configure", "0.1.0-1")),
        ("deb/postinst", ("abort-remove", "0.1.0-1")),
        ("rpm/post", ("2",)),
    ],
)
def test_installation_after_which_nothing_starts_the_daemon_says_so(
    host: PackagedHost, script: str, arguments: tuple[str, ...]
) -> None:
    host.program("systemctl", 'case "$*" in *" is-"*) exit 1;; esac')

    assert host.run(script, *arguments).splitlines()[-1] == NOT_STARTED


@pytest.mark.parametrize(("script", "arguments"), [("deb/postinst", ("configure", "0.1.0-1")), ("rpm/post", ("2",))])
@pytest.mark.parametrize("asked", ["is-active", "is-enabled"])
def test_daemon_that_runs_or_starts_with_the_next_boot_is_not_called_stopped(
    host: PackagedHost, script: str, arguments: tuple[str, ...], asked: str
) -> None:
    host.program("systemctl", f'case "$*" in *{asked}*) exit 0;; *" is-"*) exit 1;; esac')

    assert NOT_STARTED not in host.run(script, *arguments)


def test_upgrade_that_starts_the_daemon_at_its_end_does_not_call_it_stopped(host: PackagedHost) -> None:
    host.program("systemctl", 'case "$*" in *" is-"*) exit 1;; esac')
    host.restart.touch()

    assert NOT_STARTED not in host.run("rpm/post", "2")


@pytest.mark.parametrize(("script", "arguments"), [("deb/prerm", ("remove",)), ("rpm/preun", ("0",))])
def test_removal_names_the_run_that_it_ends(host: PackagedHost, script: str, arguments: tuple[str, ...]) -> None:
    host.program("octeth-backupctl", f"echo '{BUSY}'")

    said = host.run(script, *arguments).splitlines()

    assert said == [
        "octeth-backupd: the removal ends this run: backup of oempro",
        "systemctl --quiet disable --now octeth-backupd.service",
    ]


def test_upgrade_asks_the_socket_of_the_configuration_what_runs(host: PackagedHost) -> None:
    host.config.write_text("[control]\nsocket = '/srv/my run/ctl.sock'\n")
    host.program(
        "octeth-backupctl",
        f'[ "$2" = "/srv/my run/ctl.sock" ] || exit 69\n'
        f"cd {host.directory}; if [ -e asked ]; then echo '{IDLE}'; else touch asked; echo '{BUSY}'; fi",
    )

    said = host.run("deb/prerm", "upgrade", "0.2.0-1").splitlines()

    assert "octeth-backupd: waiting for the end of: backup of oempro" in said
    assert said[-1] == "systemctl stop octeth-backupd.service"


@pytest.mark.parametrize("text", [None, "[control]\n", "no = toml = at all\n"])
def test_upgrade_asks_the_usual_socket_where_the_configuration_names_none(host: PackagedHost, text: str | None) -> None:
    if text is not None:
        host.config.write_text(text)
    host.program("octeth-backupctl", f"echo \"$*\" >{host.directory}/asked; echo '{IDLE}'")

    host.run("deb/prerm", "upgrade", "0.2.0-1")

    asked = (host.directory / "asked").read_text()
    assert asked == "--socket /run/octeth-backupd/control.sock --json status\n"


def test_removal_goes_on_when_the_state_directory_cannot_be_written(host: PackagedHost) -> None:
    (host.state / "backups-are-in").mkdir(parents=True)

    said = host.run("deb/prerm", "remove")

    assert said == "systemctl --quiet disable --now octeth-backupd.service\n"


def test_removal_remembers_where_the_configuration_puts_backups(host: PackagedHost) -> None:
    host.state.mkdir()
    host.config.write_text("[local]\ndirectory = '/mnt/backups'\n")

    host.run("deb/prerm", "remove")

    assert "They are in:\n  /mnt/backups\n" in host.run("say_where_backups_are")


def test_purge_names_safety_copies_that_are_still_there(host: PackagedHost, tmp_path: Path) -> None:
    room = tmp_path / "my sql" / ".octeth-backupd-r1"
    room.mkdir(parents=True)
    gone = room.with_name(".octeth-backupd-r2")
    (host.state / "restores").mkdir(parents=True)
    swaps = [{"live": str(room.with_name("data")), "room": str(each)} for each in (room, room, gone)]
    (host.state / "restores" / "r1.json").write_text(json.dumps({"swaps": swaps}))

    said = host.run("deb/postrm", "purge")

    assert said.count(f"nobody removes any more: {room}\n") == 1
    assert str(gone) not in said


def test_purge_names_what_setup_wrote_for_the_unit(host: PackagedHost) -> None:
    host.drop_ins.mkdir()
    (host.drop_ins / "setup-one.conf").touch()
    (host.drop_ins / "mine.conf").touch()

    said = host.run("deb/postrm", "purge")

    assert f"still there: {host.drop_ins}/setup-one.conf\n" in said
    assert "mine.conf" not in said
