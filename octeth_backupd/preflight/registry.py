"""The only list of preflight checks, in the order in which they are shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from octeth_backupd.preflight.container import Container
from octeth_backupd.preflight.docker import DockerEngine
from octeth_backupd.preflight.encryption import Encryption
from octeth_backupd.preflight.engine_fit import EngineFit
from octeth_backupd.preflight.engine_placement import EnginePlacement
from octeth_backupd.preflight.engines_in_use import EnginesInUse
from octeth_backupd.preflight.external_tablespaces import ExternalTablespaces
from octeth_backupd.preflight.grants import Grants
from octeth_backupd.preflight.identity import Identity
from octeth_backupd.preflight.login import Login
from octeth_backupd.preflight.long_transactions import LongTransactions
from octeth_backupd.preflight.open_files import OpenFiles
from octeth_backupd.preflight.paths_mapped import PathsMapped
from octeth_backupd.preflight.places_apart import PlacesApart
from octeth_backupd.preflight.programs import Tools
from octeth_backupd.preflight.redo_headroom import RedoHeadroom
from octeth_backupd.preflight.redo_logging import RedoLogging
from octeth_backupd.preflight.row_versions import RowVersions
from octeth_backupd.preflight.server_facts import ServerFactsKnown
from octeth_backupd.preflight.space import Space
from octeth_backupd.preflight.storage_writable import StorageWritable
from octeth_backupd.preflight.systemd_unit import SystemdUnit
from octeth_backupd.preflight.workspace_writable import WorkspaceWritable

if TYPE_CHECKING:
    from octeth_backupd.preflight.base import Check

CHECKS: tuple[Check, ...] = (
    Tools(),
    StorageWritable(),
    WorkspaceWritable(),
    DockerEngine(),
    Container(),
    SystemdUnit(),
    Login(),
    ServerFactsKnown(),
    Grants(),
    EnginePlacement(),
    EngineFit(),
    PathsMapped(),
    PlacesApart(),
    Identity(),
    Space(),
    OpenFiles(),
    RedoLogging(),
    RedoHeadroom(),
    RowVersions(),
    ExternalTablespaces(),
    EnginesInUse(),
    Encryption(),
    LongTransactions(),
)
