"""The contracts of runners and engines, held by what needs neither root nor Docker. (Sidecars: tests/integration.)"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from octeth_backupd.domain.server import Vendor
from octeth_backupd.engines.mariadb_backup import MariaDbBackup, MariaDbBackupSettings
from octeth_backupd.engines.xtrabackup import XtraBackup, XtraBackupSettings
from octeth_backupd.process.host import HostRunner
from octeth_backupd.process.redaction import Redactor
from tests.contracts.engine_contract import EngineContract
from tests.contracts.runner_contract import CONTRACT_MARK, CONTRACT_SECRET, RunnerContract
from tests.fakes.server_facts import make_facts

if TYPE_CHECKING:
    from collections.abc import Callable

    from octeth_backupd.domain.server import ServerFacts
    from octeth_backupd.engines.base import Engine
    from octeth_backupd.process.command import Runner


class TestHostRunner(RunnerContract):
    @pytest.fixture
    def runner(self) -> Runner:
        return HostRunner(mark=CONTRACT_MARK, redactor=Redactor([CONTRACT_SECRET]))


class TestXtraBackup(EngineContract):
    @pytest.fixture
    def make_engine(self) -> Callable[[str], Engine]:
        return lambda program: XtraBackup(XtraBackupSettings(program=program))

    @pytest.fixture
    def facts(self) -> ServerFacts:
        return make_facts("8.4.3", vendor=Vendor.MYSQL)

    @pytest.fixture
    def version_output(self) -> str:
        return "xtrabackup version 8.4.0-1 based on MySQL server 8.4.0 Linux (x86_64) (revision id: da6e1abd)"


class TestMariaDbBackup(EngineContract):
    @pytest.fixture
    def make_engine(self) -> Callable[[str], Engine]:
        return lambda program: MariaDbBackup(MariaDbBackupSettings(program=program))

    @pytest.fixture
    def facts(self) -> ServerFacts:
        return make_facts("10.11.19-MariaDB-log", vendor=Vendor.MARIADB)

    @pytest.fixture
    def version_output(self) -> str:
        return "mariadb-backup based on MariaDB server 10.11.19-MariaDB debian-linux-gnu (x86_64)"
