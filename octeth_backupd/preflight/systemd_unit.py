"""The systemd unit of a server that does not run in Docker."""

from __future__ import annotations

from typing import TYPE_CHECKING

from octeth_backupd.preflight.base import failed, passed, unknown, warning

if TYPE_CHECKING:
    from octeth_backupd.domain.checks import CheckResult
    from octeth_backupd.preflight.base import Subject


class SystemdUnit:
    """Does the server's unit exist, and is the server that answers the one in it?"""

    name = "systemd_unit"

    def run(self, subject: Subject) -> CheckResult:
        """See Check.run."""
        configured = subject.settings.systemd_unit
        if configured is None:
            return passed(self, subject, "not needed: no systemd unit is configured")
        unit = subject.unit
        if unit is None:
            return unknown(self, subject, "the unit was not looked at")
        if not unit.is_known:
            return warning(
                self,
                subject,
                f"systemd cannot be asked of {configured}",
                cause="Whether the server that answers is the one that is meant is not known.",
                fix="See why systemctl does not answer.",
                command=f"systemctl status {configured}",
            )
        if not unit.exists:
            return failed(
                self,
                subject,
                f"the unit {configured} does not exist",
                cause="A server that answers at a usual socket would be another one.",
                fix=f"Correct systemd_unit in [servers.{subject.server}].",
                command="systemctl list-units --type=service 'mysql*' 'mariadb*' 'percona*'",
            )
        if unit.other or not unit.is_running:
            where = f", but in {unit.other}" if unit.other else ": it does not run"
            answers = subject.facts is not None
            return failed(
                self,
                subject,
                f"the server that answers is not in {unit.name}{where}" if answers else f"{unit.name} does not run",
                fix=f"Correct systemd_unit in [servers.{subject.server}], or set the socket of the server that is "
                "meant; or start the unit.",
                command=f"systemctl status {unit.name}",
            )
        return passed(self, subject, f"{unit.name} runs")
