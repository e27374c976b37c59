from typing import cast

from octeth_backupd.domain.server import EngineTable
from octeth_backupd.servers.session import Session
from octeth_backupd.servers.tables import count_tables, read_engine_counts, read_other_tables
from tests.unit.servers.builders import ScriptedSession


def test_file_stem_is_schema_and_table_as_files_are_spelt() -> None:
    session = ScriptedSession(
        {"ENGINE <> 'InnoDB'": [{"TABLE_SCHEMA": "o-p", "TABLE_NAME": "a b", "ENGINE": "MyISAM", "CREATE_OPTIONS": ""}]}
    )

    assert read_other_tables(cast(Session, session)) == (
        EngineTable(schema="o-p", table="a b", engine="MyISAM", file_stem="o@002dp/a@0020b"),
    )


def test_partitioned_table_is_one_entry_for_each_partition() -> None:
    table = {"TABLE_SCHEMA": "shop", "TABLE_NAME": "t", "ENGINE": "Aria", "CREATE_OPTIONS": "partitioned"}
    session = ScriptedSession(
        {
            "ENGINE <> 'InnoDB'": [table],
            "information_schema.PARTITIONS": [
                {"PARTITION_NAME": "p0", "SUBPARTITION_NAME": "p0sp0"},
                {"PARTITION_NAME": "P-x", "SUBPARTITION_NAME": None},
            ],
        }
    )

    stems = [found.file_stem for found in read_other_tables(cast(Session, session))]

    assert stems == ["shop/t#P#p0#SP#p0sp0", "shop/t#P#P@002dx"]


def test_engines_are_counted() -> None:
    session = ScriptedSession({"GROUP BY ENGINE": [{"ENGINE": "InnoDB", "NUMBER": 40}, {"ENGINE": "CSV", "NUMBER": 2}]})

    assert read_engine_counts(cast(Session, session)) == {"InnoDB": 40, "CSV": 2}


def test_tables_are_counted_by_schema_and_a_schema_may_have_none() -> None:
    session = ScriptedSession(
        {
            "SCHEMATA": [{"SCHEMA_NAME": "shop"}, {"SCHEMA_NAME": "empty"}],
            "GROUP BY TABLE_SCHEMA": [{"TABLE_SCHEMA": "shop", "NUMBER": 3}],
        }
    )

    assert count_tables(cast(Session, session)) == {"shop": 3, "empty": 0}
