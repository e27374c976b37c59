"""Whether a server that rehearses does nothing else, as it says itself."""

from __future__ import annotations

from typing import Any, cast

import pytest

from octeth_backupd.domain.restore.overrides import Override
from octeth_backupd.domain.server import Vendor, Version
from octeth_backupd.errors import RestoreError
from octeth_backupd.pipeline.restore.rehearsal_proofs import may_look_at_everything, require_overrides
from octeth_backupd.servers.session import Session
from tests.unit.servers.builders import ScriptedSession

MYSQL_9 = Version(major=9, minor=7, patch=0)
EVENTS = Override(option="event-scheduler=DISABLED", variable="event_scheduler", value="DISABLED")
QUIET: dict[str, list[dict[str, Any]]] = {
    "SHOW GLOBAL VARIABLES": [{"Variable_name": "event_scheduler", "Value": "DISABLED"}],
    "PLUGINS": [{"PLUGIN_STATUS": "DISABLED"}],
    "SHOW REPLICA STATUS": [{"Replica_IO_Running": "No", "Replica_SQL_Running": "No", "Replica_SQL_Running_State": ""}],
}


def _session(**changes: list[dict[str, Any]]) -> Session:
    return cast(
        "Session", ScriptedSession({**QUIET, **{name.replace("_", " "): rows for name, rows in changes.items()}})
    )


def test_quiet_server_passes() -> None:
    session = _session()

    require_overrides(session, [EVENTS], Vendor.MYSQL, MYSQL_9)

    assert "SHOW REPLICA STATUS" in cast("ScriptedSession", session).asked


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"SHOW_GLOBAL_VARIABLES": [{"Variable_name": "event_scheduler", "Value": "ON"}]}, "event_scheduler is 'ON'"),
        ({"SHOW_REPLICA_STATUS": [{"Replica_IO_Running": "Connecting"}]}, "replication runs"),
        ({"PLUGINS": [{"PLUGIN_STATUS": "ACTIVE"}]}, "the X plugin is active"),
    ],
)
def test_what_is_not_isolated_is_named(changes: dict[str, list[dict[str, Any]]], words: str) -> None:
    with pytest.raises(RestoreError, match=words):
        require_overrides(_session(**changes), [EVENTS], Vendor.MYSQL, MYSQL_9)


@pytest.mark.parametrize(
    ("vendor", "version", "statement"),
    [
        (Vendor.MARIADB, Version(major=10, minor=11, patch=0), "SHOW ALL SLAVES STATUS"),
        (Vendor.MYSQL, Version(major=8, minor=0, patch=21), "SHOW SLAVE STATUS"),
    ],
)
def test_replication_is_asked_for_in_the_servers_own_words(vendor: Vendor, version: Version, statement: str) -> None:
    running = ScriptedSession({**QUIET, statement: [{"Slave_IO_Running": "Yes"}]})

    with pytest.raises(RestoreError, match="replication runs"):
        require_overrides(cast("Session", running), [EVENTS], vendor, version)


@pytest.mark.parametrize(
    ("grant", "expected"),
    [
        ("GRANT ALL PRIVILEGES ON *.* TO `root`@`localhost`", True),
        ("GRANT SELECT, SHUTDOWN ON *.* TO `x`@`%`", True),
        ("GRANT SELECT, RELOAD ON *.* TO `x`@`%`", False),
        ("GRANT ALL PRIVILEGES ON `oempro`.* TO `x`@`%`", False),
    ],
)
def test_account_must_see_all_tables_and_may_stop_the_server(grant: str, expected: bool) -> None:
    session = ScriptedSession({"SHOW GRANTS": [{"Grants": grant}]})

    assert may_look_at_everything(cast("Session", session)) is expected
