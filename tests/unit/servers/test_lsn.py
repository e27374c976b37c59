from dataclasses import replace
from datetime import timedelta
from typing import Any, cast

import pytest

from octeth_backupd.domain.server import LsnPosition
from octeth_backupd.errors import ServerUnreachableError
from octeth_backupd.servers.lsn import read_lsn, redo_bytes_per_second, redo_capacity_bytes
from octeth_backupd.servers.session import Session
from tests.unit.servers.builders import FixedClock, ScriptedSession


def _status(**values: int) -> list[dict[str, Any]]:
    return [{"Variable_name": name, "Value": str(value)} for name, value in values.items()]


def _read(answers: Any) -> LsnPosition | None:
    return read_lsn(cast(Session, ScriptedSession(answers)), FixedClock())


def test_mariadb_tells_it_in_its_status() -> None:
    found = _read({"GLOBAL STATUS": _status(Innodb_lsn_current=56196, Innodb_lsn_last_checkpoint=44878)})

    assert found == LsnPosition(current_lsn=56196, checkpoint_lsn=44878, taken_at=FixedClock().now())


def test_mysql_tells_it_in_its_status() -> None:
    found = _read({"GLOBAL STATUS": _status(Innodb_redo_log_current_lsn=20, Innodb_redo_log_checkpoint_lsn=10)})

    assert found is not None
    assert (found.current_lsn, found.checkpoint_lsn) == (20, 10)


def test_older_mysql_tells_it_in_log_status() -> None:
    found = _read({"log_status": [{"STORAGE_ENGINES": '{"InnoDB": {"LSN": 30, "LSN_checkpoint": 25}}'}]})

    assert found is not None
    assert (found.current_lsn, found.checkpoint_lsn) == (30, 25)


@pytest.mark.parametrize("number", [1142, 1146])
def test_server_that_may_not_or_cannot_tell_gives_none(number: int) -> None:
    assert _read({"log_status": number}) is None


def test_lost_connection_is_not_taken_for_an_answer() -> None:
    with pytest.raises(ServerUnreachableError):
        _read({"log_status": 2013})


def test_rate_is_bytes_over_seconds() -> None:
    earlier = LsnPosition(current_lsn=1000, checkpoint_lsn=0, taken_at=FixedClock().now())
    later = replace(earlier, current_lsn=5000, taken_at=earlier.taken_at + timedelta(seconds=2))

    assert redo_bytes_per_second(earlier, later) == 2000
    assert redo_bytes_per_second(earlier, earlier) == 0


@pytest.mark.parametrize(
    ("status", "variables", "capacity"),
    [
        (_status(Innodb_redo_log_capacity_resized=104857600), {"innodb_redo_log_capacity": "50"}, 104857600),
        ([], {"innodb_redo_log_capacity": "104857600", "innodb_log_file_size": "50"}, 104857600),
        ([], {"innodb_log_file_size": "50331648", "innodb_log_files_in_group": "2"}, 100663296),
        ([], {"innodb_log_file_size": "100663296"}, 100663296),
        ([], {}, 0),
    ],
)
def test_capacity_is_what_is_in_force(status: list[dict[str, Any]], variables: dict[str, str], capacity: int) -> None:
    session = ScriptedSession({"GLOBAL STATUS": status})

    assert redo_capacity_bytes(cast(Session, session), variables) == capacity
