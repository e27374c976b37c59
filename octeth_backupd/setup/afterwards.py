"""After the configuration is written: checks, due times, the service, the first backup."""

from __future__ import annotations

from typing import TYPE_CHECKING

from octeth_backupd.daemon.notifier_services import NO_NOTIFIER
from octeth_backupd.domain.setup.report import all_hold, check_lines, due_lines
from octeth_backupd.errors import BackupdError
from octeth_backupd.pipeline.diagnosis import diagnose
from octeth_backupd.process.cancellation import Cancellation
from octeth_backupd.process.command import Command
from octeth_backupd.settings.diagnosis import diagnose_configuration
from octeth_backupd.setup.due_times import next_due
from octeth_backupd.setup.engine import SETUP_MARK, run_commands, trial_parts
from octeth_backupd.setup.planning import UNIT, runs_by_systemd

if TYPE_CHECKING:
    from octeth_backupd.settings.settings import Settings
    from octeth_backupd.setup.order import Machine, SetupOrder


def finish(order: SetupOrder, machine: Machine, settings: Settings, server: str) -> bool:
    """Check a server, say when its backups are due, start the service and take a backup, as ordered or wanted.

    Returns:
        False where a check, the start or the backup failed; the configuration stands.
    """
    checked = _check(order, machine, settings, server)
    for line in due_lines(next_due(settings, server, machine.clock.now())):
        machine.say(line)
    started, is_running = _start(order, machine, settings)
    if not is_running and order.first_backup and not settings.control.socket.exists():
        machine.say(
            "No first backup: the daemon does not run. Start it with --start, or systemctl enable --now octeth-backupd."
        )
        return False
    took = _take_backup(order, machine, settings, server, is_running=is_running)
    return checked and started and took


def _check(order: SetupOrder, machine: Machine, settings: Settings, server: str) -> bool:
    machine.say("Checks, as octeth-backupctl doctor asks them:")
    with trial_parts(settings, machine.clock) as parts:
        results = [
            *diagnose_configuration(order.config, machine.environment),
            *diagnose(parts, SETUP_MARK, server),
            *([] if settings.notify else [NO_NOTIFIER]),
        ]
    for line in check_lines(results):
        machine.say(line)
    return all_hold(results)


def _start(order: SetupOrder, machine: Machine, settings: Settings) -> tuple[bool, bool]:
    """Return whether nothing failed, and whether the daemon runs."""
    if not runs_by_systemd(machine):
        if order.start:
            machine.say(f"systemd has no {UNIT} here: start the daemon with octeth-backupd serve.")
        return not order.start, False
    active = _is_active(machine)
    if active and (runs := machine.runs(settings.control.socket)):
        machine.say(f"This goes on, and a restart would end it: {'; '.join(map(str, runs))}")
        machine.say(f"Afterwards, to take all of this up: systemctl restart {UNIT.removesuffix('.service')}")
        return not order.start, True
    question = (
        "Restart the daemon, so that it takes up all of this?"
        if active
        else "Start the daemon, now and with each boot?"
    )
    if not (order.start or machine.prompt.offer(question, default=not active)):
        again = "restart" if active else "enable --now"
        machine.say(f"To take it up: systemctl {again} {UNIT.removesuffix('.service')}")
        return True, active
    verb = "restart" if active else "start"
    try:
        run_commands((("systemctl", "enable", UNIT), ("systemctl", verb, UNIT)), machine.host_runner, machine.say)
    except BackupdError as error:
        machine.say(f"{error.message}. Look at: journalctl -u octeth-backupd")
        return False, False
    return True, True


def _is_active(machine: Machine) -> bool:
    command = Command(program="systemctl", arguments=("--quiet", "is-active", UNIT), low_priority=False)
    try:
        ended = machine.host_runner.run(command, on_line=lambda _: None, cancellation=Cancellation())
    except BackupdError:
        return False
    return ended.exit_code == 0


def _take_backup(order: SetupOrder, machine: Machine, settings: Settings, server: str, *, is_running: bool) -> bool:
    wanted = order.first_backup or (is_running and machine.prompt.offer("Take the first backup now?"))
    if not wanted:
        machine.say(f"The first backup by hand: octeth-backupctl backup --server {server}")
        return True
    return machine.take_backup(server, settings.control.socket) == 0
