"""``octeth-backupd import``: what it needs of this host, and its report."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING

from octeth_backupd.domain.legacy.report import report_lines
from octeth_backupd.errors import PermissionDeniedError
from octeth_backupd.importing.crontabs import Crontabs
from octeth_backupd.importing.importer import ImportOrder, Machine, run_import
from octeth_backupd.importing.sources import find_sources
from octeth_backupd.process.clock import SystemClock
from octeth_backupd.process.docker import Docker, DockerSettings
from octeth_backupd.process.host import HostRunner
from octeth_backupd.process.mark import RunMark
from octeth_backupd.process.redaction import Redactor
from octeth_backupd.storage.registry import local_storage

if TYPE_CHECKING:
    import argparse

    from octeth_backupd.importing.importer import ImportResult

_INTERRUPTED = 130


def import_from(arguments: argparse.Namespace) -> int:
    """Import as the command line says, and print what came of it.

    Returns:
        The exit code.

    Raises:
        PermissionDeniedError: Not root.
        BackupdError: See ``run_import``.
    """
    if os.geteuid() != 0:
        raise PermissionDeniedError(
            "an import reads passwords and crontabs, and must be done by root", hint="Run it with sudo."
        )
    order = ImportOrder(
        config=arguments.config,
        output=arguments.output,
        dry_run=arguments.dry_run,
        archives_only=arguments.archives,
        remove_cron=arguments.remove_cron,
        timezone=arguments.timezone,
        server=arguments.server,
    )
    docker = Docker(DockerSettings().host)
    try:
        result = run_import(order, find_sources(arguments.directory), _machine(docker))
    except KeyboardInterrupt:
        print("interrupted; what was begun is finished by running the import again", file=sys.stderr)
        return _INTERRUPTED
    finally:
        docker.close()
    if arguments.json:
        _print_json(order, result)
    else:
        _print_report(order, result)
    return 0


def _machine(docker: Docker) -> Machine:
    host_runner = HostRunner(mark=RunMark("import", "import"), redactor=Redactor(()), path=os.environ.get("PATH"))
    return Machine(
        clock=SystemClock(),
        docker=docker,
        host_runner=host_runner,
        crontabs=Crontabs(host_runner),
        environment=os.environ,
        storages_of=lambda settings: (local_storage(settings.local),),
        say=lambda text: print(text, file=sys.stderr, flush=True),
    )


def _print_json(order: ImportOrder, result: ImportResult) -> None:
    document = {
        "dry_run": order.dry_run,
        "config": {"path": str(result.config_path), "text": result.config_text},
        "written": [str(path) for path in result.written],
        "notes": [asdict(note) for note in result.notes],
        "cron": {"lines": list(result.cron), "removed": list(result.removed)},
    }
    print(json.dumps(document, indent=2, ensure_ascii=False))


def _print_report(order: ImportOrder, result: ImportResult) -> None:
    print("\n".join(report_lines(result.notes)))
    if result.config_text and order.dry_run:
        print(f"{result.config_path} would be (secrets go into files of their own):\n")
        print("\n".join(f"  {line}" for line in result.config_text.splitlines()))
    for path in result.written:
        print(f"written: {path}")
    for text in result.removed:
        print(f"cron: {text}")
    if result.cron:
        print("\nCron still starts the bash tool. Remove these lines (crontab -e), or run import with --remove-cron:")
        print("\n".join(f"  {line}" for line in result.cron))
    if order.dry_run:
        print("\nNothing was changed.")
    elif order.output is None:
        print("\nNothing expires before you have looked at the retention plan and applied it once.")
