from typing import Any, cast

import pytest

from octeth_backupd.domain.server import LongTransaction, Vendor
from octeth_backupd.errors import ServerError, ServerUnreachableError
from octeth_backupd.servers.facts import gather_facts, gather_what_is_allowed
from octeth_backupd.servers.session import Session
from tests.unit.servers.builders import MARIADB_VARIABLES, MYSQL_VARIABLES, FixedClock, ScriptedSession

GRANTS = [{"Grants for b@%": "GRANT ALL PRIVILEGES ON *.* TO `b`@`%` IDENTIFIED BY PASSWORD '*" + "D8" * 20 + "'"}]


def _session(variables: dict[str, str], answers: dict[str, Any] | None = None) -> ScriptedSession:
    rows = [{"Variable_name": name, "Value": value} for name, value in variables.items()]
    return ScriptedSession(
        {
            "GLOBAL VARIABLES": rows,
            "SHOW GRANTS": GRANTS,
            "CURRENT_USER": [{"CURRENT_USER()": "b@%"}],
            "GLOBAL STATUS": [
                {"Variable_name": "Innodb_lsn_current", "Value": "20"},
                {"Variable_name": "Innodb_lsn_last_checkpoint", "Value": "10"},
            ],
        }
        | (answers or {})
    )


def _gather(session: ScriptedSession) -> Any:
    return gather_what_is_allowed(cast(Session, session), FixedClock())


def test_vendor_version_and_identity_come_from_the_variables() -> None:
    mysql = gather_facts(cast(Session, _session(MYSQL_VARIABLES)), FixedClock())
    mariadb = gather_facts(cast(Session, _session(MARIADB_VARIABLES | {"server_uuid": "x"})), FixedClock())

    assert (mysql.vendor, str(mysql.version)) == (Vendor.MYSQL, "8.4.5")
    assert mysql.identity.server_uuid == MYSQL_VARIABLES["server_uuid"]
    assert (mariadb.vendor, str(mariadb.version)) == (Vendor.MARIADB, "10.11.18")
    assert mariadb.identity.server_uuid == ""
    assert mariadb.identity.hostname == "db1"


def test_password_hashes_are_masked_in_grants() -> None:
    found, _ = _gather(_session(MARIADB_VARIABLES))

    assert "D8D8" not in found.grants[0]
    assert found.grants[0].startswith("GRANT ALL PRIVILEGES ON *.* TO")


def test_secrets_are_masked_in_variables() -> None:
    found, _ = _gather(_session(MARIADB_VARIABLES | {"wsrep_sst_auth": "sst:swordfish"}))

    assert "swordfish" not in found.variables["wsrep_sst_auth"]
    assert found.variables["datadir"] == "/var/lib/mysql/"


def test_missing_process_privilege_is_an_error_with_the_grant_and_the_rest_is_there() -> None:
    session = _session(MARIADB_VARIABLES, {"INNODB_SYS_TABLESPACES": 1227, "INNODB_TRX": 1227, "_ENCRYPTION": 1227})

    found, error = _gather(session)

    assert error is not None
    assert error.hint == "Run on the server: GRANT PROCESS ON *.* TO 'b'@'%';"
    assert found.tablespaces == ()
    assert found.lsn is not None


def test_missing_process_privilege_ends_the_strict_form() -> None:
    with pytest.raises(ServerError, match="may not list the tablespaces"):
        gather_facts(cast(Session, _session(MARIADB_VARIABLES, {"INNODB_SYS_TABLESPACES": 1227})), FixedClock())


def test_what_a_backup_can_do_without_is_noted() -> None:
    found, error = _gather(_session(MYSQL_VARIABLES, {"persisted_variables": 1142, "keyring_component_status": 1146}))

    assert error is None
    assert {note.partition(":")[0] for note in found.notes} == {"keyring", "persisted variables"}
    assert found.persisted_variables == {}


def test_lost_connection_is_no_missing_privilege() -> None:
    with pytest.raises(ServerUnreachableError):
        _gather(_session(MYSQL_VARIABLES, {"persisted_variables": 2013}))


def test_account_that_does_not_see_all_tables_is_noted() -> None:
    grants = [{"Grants": "GRANT RELOAD, PROCESS ON *.* TO `b`@`%`"}]

    limited, _ = _gather(_session(MARIADB_VARIABLES, {"SHOW GRANTS": grants}))
    unlimited, _ = _gather(_session(MARIADB_VARIABLES))

    assert any("only those that the account has a privilege on" in note for note in limited.notes)
    assert unlimited.notes == ()


def test_long_transactions_come_with_their_user() -> None:
    answers = {
        "INNODB_TRX": [{"THREAD_ID": 7, "AGE": 4000}, {"THREAD_ID": 0, "AGE": 90}],
        "PROCESSLIST": [{"Id": 7, "User": "app"}],
    }

    found, _ = _gather(_session(MARIADB_VARIABLES, answers))

    assert found.long_transactions == (
        LongTransaction(thread_id=7, user="app", age_seconds=4000),
        LongTransaction(thread_id=0, user="", age_seconds=90),
    )


def test_gtid_set_is_one_line() -> None:
    found, _ = _gather(_session(MYSQL_VARIABLES, {"gtid_executed": [{"x": "a:1-5,\nb:1-7"}]}))

    assert found.gtid == "a:1-5,b:1-7"


@pytest.mark.parametrize(("version", "asked"), [("8.0.28", False), ("8.0.30", True), ("8.0.32", False)])
def test_row_versions_are_asked_of_the_releases_that_have_the_defect(version: str, *, asked: bool) -> None:
    session = _session(MYSQL_VARIABLES | {"version": version})

    _gather(session)

    assert any("TOTAL_ROW_VERSIONS" in sql for sql in session.asked) is asked


def test_server_older_than_any_engine_is_refused() -> None:
    with pytest.raises(ServerError, match=r"mysql 5\.7\.44 is too old"):
        _gather(_session(MYSQL_VARIABLES | {"version": "5.7.44-log"}))
