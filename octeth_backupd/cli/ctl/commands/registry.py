"""The only list of commands, in the order of the help."""

from __future__ import annotations

from typing import TYPE_CHECKING

from octeth_backupd.cli.ctl.commands.accept import AcceptCommand
from octeth_backupd.cli.ctl.commands.backup import BackupCommand
from octeth_backupd.cli.ctl.commands.cancel import CancelCommand
from octeth_backupd.cli.ctl.commands.check import CheckCommand
from octeth_backupd.cli.ctl.commands.config import ConfigCommand
from octeth_backupd.cli.ctl.commands.delete import DeleteCommand
from octeth_backupd.cli.ctl.commands.doctor import DoctorCommand
from octeth_backupd.cli.ctl.commands.last_good import LastGoodCommand
from octeth_backupd.cli.ctl.commands.listing import ListCommand
from octeth_backupd.cli.ctl.commands.notify import NotifyCommand
from octeth_backupd.cli.ctl.commands.pins import PinCommand, UnpinCommand
from octeth_backupd.cli.ctl.commands.restore import RestoreCommand
from octeth_backupd.cli.ctl.commands.retention import RetentionCommand
from octeth_backupd.cli.ctl.commands.runs import RunsCommand
from octeth_backupd.cli.ctl.commands.schedules import PauseCommand, ResumeCommand, SchedulesCommand
from octeth_backupd.cli.ctl.commands.show import ShowCommand
from octeth_backupd.cli.ctl.commands.status import StatusCommand
from octeth_backupd.cli.ctl.commands.sync import SyncCommand
from octeth_backupd.cli.ctl.commands.undo import UndoCommand
from octeth_backupd.cli.ctl.commands.verify import VerifyCommand
from octeth_backupd.cli.ctl.commands.version import VersionCommand
from octeth_backupd.cli.ctl.commands.watch import WatchCommand

if TYPE_CHECKING:
    from octeth_backupd.cli.ctl.commands.base import Command

COMMANDS: tuple[Command, ...] = (
    StatusCommand(),
    ListCommand(),
    ShowCommand(),
    BackupCommand(),
    RestoreCommand(),
    UndoCommand(),
    VerifyCommand(),
    RetentionCommand(),
    PinCommand(),
    UnpinCommand(),
    AcceptCommand(),
    DeleteCommand(),
    SyncCommand(),
    RunsCommand(),
    WatchCommand(),
    CancelCommand(),
    SchedulesCommand(),
    PauseCommand(),
    ResumeCommand(),
    NotifyCommand(),
    DoctorCommand(),
    CheckCommand(),
    LastGoodCommand(),
    ConfigCommand(),
    VersionCommand(),
)
