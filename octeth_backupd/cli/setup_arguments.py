"""The options of ``octeth-backupd setup``; apart from what it does, so that they are known without importing that."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse


def add_setup_arguments(command: argparse.ArgumentParser) -> None:
    """Add them; ``--config`` is there already."""
    command.description = (
        "octeth-backupd setup: looks for servers, asks, shows what it will write, and writes it; as root. What a flag "
        "says is not asked. See docs/how-to/install.md."
    )
    add = command.add_argument
    add("--server", default="", metavar="NAME", help="name of the server in the configuration; part of paths")
    place = command.add_mutually_exclusive_group()
    place.add_argument("--container", default="", metavar="NAME", help="the server runs in this Docker container")
    place.add_argument("--unit", default="", metavar="UNIT", help="the server is this systemd unit")
    place.add_argument("--socket", default="", metavar="PATH", help="the server listens at this Unix socket")
    place.add_argument("--address", default="", metavar="HOST:PORT", help="the server listens there")
    add("--user", default="", metavar="NAME", help="account that backs up (root; with --create-user octeth-backup)")
    add(
        "--password-file",
        default="",
        metavar="FILE",
        help="its password is on the first line of FILE; - reads it from standard input",
    )
    add("--create-user", action="store_true", help="make that account, with the rights it needs and a random password")
    add("--admin-user", default="", metavar="NAME", help="account that makes it (root)")
    add("--admin-password-file", default="", metavar="FILE", help="password of that one, likewise")
    add(
        "--databases",
        metavar="NAMES",
        help="databases that tests of a backup read, with commas between them; all: every one",
    )
    add("--directory", type=Path, metavar="DIR", help="where backups go (/var/backups/octeth)")
    add("--sidecar-image", default="", metavar="IMAGE", help="image that holds the engine, for a server in Docker")
    add("--install-engine", action="store_true", help="install the engine that fits, with the commands that are shown")
    add(
        "--percona-release",
        default="",
        metavar="FILE",
        help="file or address of the package that sets up Percona's repository",
    )
    add(
        "--import",
        type=Path,
        dest="import_directory",
        metavar="DIR",
        help="take over settings and archives of the bash tool",
    )
    add("--start", action="store_true", help="start the daemon, now and with each boot")
    add("--first-backup", action="store_true", help="take a backup at the end")
    kind = command.add_mutually_exclusive_group()
    kind.add_argument("--add", action="store_true", help="add a server to the configuration that is there")
    kind.add_argument(
        "--force",
        action="store_true",
        help="replace the configuration that is there, a copy is kept; with --create-user also an account's password",
    )
    add("--dry-run", action="store_true", help="change nothing; show what would be done")
    add("--yes", action="store_true", help="confirm what is ordered, without a question")
    add("--non-interactive", action="store_true", help="ask nothing; what no flag says takes its proposal")
