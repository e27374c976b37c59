"""What is in the packages and the wheel: files, modes, scripts, dependencies; lintian's words; the same bytes twice."""

from __future__ import annotations

import os
import stat
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.environment.built_package import CHECKOUT, built_package, built_rpm, built_wheel
from tests.environment.package_programs import ensure_package_program

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

# The packages may have to be built, on a machine that does other things as well.
pytestmark = pytest.mark.timeout(1800)

OPT = "/opt/octeth-backupd"


def run(*argv: str | Path, environment: dict[str, str] | None = None, seconds: float = 600) -> str:
    done = subprocess.run(
        argv, capture_output=True, text=True, timeout=seconds, env={**os.environ, **(environment or {})}, check=False
    )
    assert done.returncode == 0, f"{argv}: {done.stdout}{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def rpm() -> Path:
    ensure_package_program("rpm")
    return built_rpm()


def queried(package: Path, *what: str) -> str:
    return run("rpm", "--query", "--package", *what, package)


@dataclass(frozen=True, slots=True, kw_only=True)
class PackedFile:
    """One file of an RPM.

    Attributes:
        kind: ``c`` for a configuration, ``n`` for one that an upgrade does not replace.
    """

    mode: int
    owner: str
    group: str
    kind: str


def files_of(package: Path) -> dict[str, PackedFile]:
    fields = r"[%{FILENAMES}\t%{FILEMODES:octal}\t%{FILEUSERNAME}\t%{FILEGROUPNAME}\t%{FILEFLAGS:fflags}\n]"
    rows = [line.split("\t") for line in queried(package, "--queryformat", fields).splitlines()]
    return {
        name: PackedFile(mode=int(mode, 8), owner=owner, group=group, kind=kind)
        for name, mode, owner, group, kind in rows
    }


def scriptlets_of(package: Path) -> dict[str, str]:
    """Return what runs when: ``preinstall`` … → the script."""
    found: dict[str, str] = {}
    name = ""
    for line in queried(package, "--scripts").splitlines():
        if " scriptlet (using " in line:
            name = line.split(" ", 1)[0]
            found[name] = ""
        else:
            found[name] += line + "\n"
    return found


def test_rpm_has_the_files_of_a_red_hat_system(rpm: Path) -> None:
    files = files_of(rpm)

    configuration = files["/etc/octeth-backupd/config.toml"]
    assert oct(files["/etc/octeth-backupd"].mode) == "0o40750"
    assert (oct(configuration.mode), configuration.kind) == ("0o100640", "cn")
    assert oct(files["/usr/lib/systemd/system/octeth-backupd.service"].mode) == "0o100644"
    assert {
        "/opt/octeth-backupd/lib/python3.11/site-packages/apprise/__init__.py",
        "/usr/bin/octeth-backupd",
        "/usr/bin/octeth-backupctl",
        "/usr/lib/sysusers.d/octeth-backupd.conf",
        "/usr/lib/tmpfiles.d/octeth-backupd.conf",
        "/usr/share/bash-completion/completions/octeth-backupctl",
        "/usr/share/doc/octeth-backupd/how-to/install.md",
        "/usr/share/fish/vendor_completions.d/octeth-backupctl.fish",
        "/usr/share/licenses/octeth-backupd/LICENSE",
        "/usr/share/man/man1/octeth-backupctl.1.gz",
        "/usr/share/man/man5/octeth-backupd.toml.5.gz",
        "/usr/share/man/man8/octeth-backupd.8.gz",
        "/usr/share/octeth-backupd/grafana-dashboard.json",
        "/usr/share/octeth-backupd/prometheus-alerts.yml",
        "/usr/share/zsh/site-functions/_octeth-backupctl",
    } <= files.keys()
    assert {(file.owner, file.group) for file in files.values()} == {("root", "root")}
    assert [name for name, file in files.items() if not stat.S_ISLNK(file.mode) and file.mode & 0o022] == []


def test_rpm_owns_no_directory_of_the_system(rpm: Path) -> None:
    directories = {name for name, file in files_of(rpm).items() if stat.S_ISDIR(file.mode)}

    assert "/opt/octeth-backupd" in directories
    assert {name for name in directories if "octeth-backupd" not in name} == set()


def test_rpm_needs_what_a_red_hat_system_has(rpm: Path) -> None:
    needed = {line.split()[0] for line in queried(rpm, "--requires").splitlines() if not line.startswith("rpmlib(")}

    assert needed == {"python3.11", "procps-ng", "systemd"}
    assert queried(rpm, "--queryformat", "%{BUILDHOST}") == "localhost"


def test_rpm_scripts_tell_an_upgrade_from_a_removal(rpm: Path) -> None:
    scriptlets = scriptlets_of(rpm)

    assert scriptlets.keys() == {"preinstall", "postinstall", "preuninstall", "postuninstall", "posttrans"}
    assert '[ "$1" -eq 1 ] || stop_for_upgrade' in scriptlets["preinstall"]
    assert "systemctl --quiet enable" not in "".join(scriptlets.values())


@pytest.fixture
def empty_root() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="octeth-backupd-root-") as name:
        yield Path(name)


@pytest.fixture
def installed_rpm(rpm: Path, empty_root: Path) -> Path:
    """Return a root with nothing but the package in it, which was unpacked by rpm itself."""
    (empty_root / "var/lib/rpm").mkdir(parents=True)
    into_it = ("--root", empty_root, "--dbpath", "/var/lib/rpm")
    run("rpm", *into_it, "--install", "--nodeps", "--noscripts", "--ignorearch", "--ignoreos", rpm)
    verified = run("rpm", *into_it, "--verify", "--nodeps", "octeth-backupd")
    assert verified == ""
    return empty_root


def test_rpm_unpacks_into_an_empty_root_and_runs_on_the_interpreter_of_its_minor(installed_rpm: Path) -> None:
    """The interpreter, and the glibc, are Debian's; of Red Hat's it has the path and the minor."""
    program = installed_rpm / OPT.lstrip("/") / "bin" / "octeth-backupctl"
    configuration = installed_rpm / "etc/octeth-backupd/config.toml"
    python = program.with_name("python")

    assert python.readlink() == Path("/usr/bin/python3.11")
    assert run(program, "--version").startswith("octeth-backupctl ")
    checked = subprocess.run(
        [program.with_name("octeth-backupd"), "check-config", "--config", configuration],
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Add a table [servers.oempro]" in checked.stderr
    assert checked.returncode == 78


def script(
    rpm: Path, name: str, directory: Path, argument: int, *, active: bool = True, runs: Sequence[str] = ()
) -> str:
    """Run a scriptlet with programs of systemd that only say that they were called; return all that was said."""
    programs = directory / "programs"
    programs.mkdir(exist_ok=True)
    answers = {
        "systemctl": f'echo "systemctl $*"; case "$*" in *is-active*) exit {0 if active else 3} ;; esac',
        "systemd-sysusers": 'echo "systemd-sysusers $*"',
        "systemd-tmpfiles": 'echo "systemd-tmpfiles $*"',
        "sleep": ":",
        "octeth-backupctl": f'head -n 1 "{directory}/runs"; sed -i 1d "{directory}/runs"',
        "rm": 'echo "rm $*"',
    }
    for program, body in answers.items():
        (programs / program).write_text(f"#!/bin/sh\n{body}\n")
        (programs / program).chmod(0o755)
    (directory / "runs").write_text("".join(f"{line}\n" for line in runs))
    text = scriptlets_of(rpm)[name].replace("/run/octeth-backupd.restart", f"{directory}/restart")
    text = text.replace("/run/systemd/system", str(directory)).replace("/var/lib/octeth-backupd", f"{directory}/state")
    text = text.replace(f"python={OPT}/bin/python", "python=/usr/bin/python3")
    path = f"{programs}:{os.environ['PATH']}"
    return run("sh", "-c", text, name, str(argument), environment={"PATH": path})


IDLE = '{"servers": [{"name": "oempro", "active_run": null}]}'
BUSY = '{"servers": [{"name": "oempro", "active_run": {"operation": "backup"}}]}'


def test_rpm_upgrade_waits_for_a_run_then_stops_and_starts_the_daemon(rpm: Path, tmp_path: Path) -> None:
    before = script(rpm, "preinstall", tmp_path, 2, runs=[BUSY, BUSY, IDLE])
    old_goes = script(rpm, "preuninstall", tmp_path, 1) + script(rpm, "postuninstall", tmp_path, 1)
    after = script(rpm, "posttrans", tmp_path, 2)

    assert before.count("waiting for the end of: backup of oempro") == 1
    assert before.splitlines()[-1] == "systemctl stop octeth-backupd.service"
    assert "disable" not in old_goes
    assert "rm -rf" not in old_goes
    assert after.splitlines()[-1] == "systemctl start octeth-backupd.service"


def test_rpm_upgrade_of_a_daemon_that_does_not_run_starts_none(rpm: Path, tmp_path: Path) -> None:
    script(rpm, "preinstall", tmp_path, 2, active=False)

    assert "start" not in script(rpm, "posttrans", tmp_path, 2)


def test_rpm_installation_makes_the_group_and_starts_nothing(rpm: Path, tmp_path: Path) -> None:
    said = script(rpm, "preinstall", tmp_path, 1) + script(rpm, "postinstall", tmp_path, 1)

    assert "systemd-sysusers octeth-backupd.conf" in said
    assert "systemctl start" not in said
    assert "Name your server in /etc/octeth-backupd/config.toml" in said


def test_rpm_removal_stops_the_daemon_and_says_where_the_backups_are(rpm: Path, tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()

    said = script(rpm, "preuninstall", tmp_path, 0) + script(rpm, "postuninstall", tmp_path, 0)

    assert "systemctl --quiet disable --now octeth-backupd.service" in said
    assert "your backups were not deleted. They are in:\n  /var/backups/octeth\n" in said
    assert [line for line in said.splitlines() if line.startswith("rm ")] == [f"rm -rf {OPT}"]


def test_library_that_needs_a_newer_glibc_is_refused(tmp_path: Path) -> None:
    wheel = tmp_path / "site-packages" / "zstandard-1.0.dist-info" / "WHEEL"
    wheel.parent.mkdir(parents=True)
    wheel.write_text("Wheel-Version: 1.0\nTag: cp311-cp311-manylinux_2_36_x86_64\n")

    done = subprocess.run(
        [CHECKOUT / "packaging" / "check-wheels", "2.34", tmp_path], capture_output=True, text=True, check=False
    )

    assert done.returncode == 1
    assert "zstandard-1.0.dist-info: is for manylinux_2_36_x86_64, the target has glibc 2.34" in done.stderr


def test_wheel_installs_with_pipx_and_brings_the_unit_along(tmp_path: Path) -> None:
    wheel = built_wheel()
    run("/usr/bin/python3", "-m", "venv", tmp_path / "pipx")
    run(tmp_path / "pipx/bin/python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "pipx")
    home = {"PIPX_HOME": str(tmp_path / "home"), "PIPX_BIN_DIR": str(tmp_path / "bin")}

    run(tmp_path / "pipx/bin/pipx", "install", wheel, environment=home)

    assert run(tmp_path / "bin/octeth-backupctl", "--version").startswith("octeth-backupctl ")
    assert run(tmp_path / "bin/octeth-backupd", "--version").startswith("octeth-backupd ")
    shared = tmp_path / "home/venvs/octeth-backupd/share/octeth-backupd/systemd"
    unit = CHECKOUT / "systemd" / "octeth-backupd.service"
    assert (shared / unit.name).read_text() == unit.read_text()
    assert {path.name for path in (shared / "examples").iterdir()} == {
        path.name for path in (CHECKOUT / "systemd" / "examples").iterdir()
    }


@pytest.mark.long
def test_lintian_finds_nothing_but_what_is_overridden_with_a_reason() -> None:
    ensure_package_program("lintian")
    package = built_package()

    said = run("lintian", "--fail-on", "error,warning,info", "--tag-display-limit", "0", package, seconds=1200)

    assert [line for line in said.splitlines() if not line.startswith("N:")] == []


@pytest.mark.long
@pytest.mark.parametrize("script", ["build-deb", "build-rpm"])
def test_package_built_twice_is_the_same_bytes(script: str, tmp_path: Path) -> None:
    directories = [tmp_path / "first", tmp_path / "second"]
    for directory in directories:
        run(CHECKOUT / "packaging" / script, environment={"DIST": str(directory), "TZ": "Asia/Tokyo"}, seconds=1200)

    [first], [second] = (list(directory.iterdir()) for directory in directories)

    assert first.name == second.name
    assert first.read_bytes() == second.read_bytes()
