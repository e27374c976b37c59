"""Tables of other storage engines than InnoDB."""

from __future__ import annotations

from typing import TYPE_CHECKING

from octeth_backupd.domain.grants import account_of, grant_statement, shows_all_tables
from octeth_backupd.domain.server import Vendor
from octeth_backupd.preflight.base import NOT_LOGGED_IN, passed, unknown, warning

if TYPE_CHECKING:
    from octeth_backupd.domain.checks import CheckResult
    from octeth_backupd.preflight.base import Subject

SYSTEM_SCHEMAS = frozenset({"mysql", "sys", "information_schema", "performance_schema"})
ELSEWHERE = frozenset({"FEDERATED", "CONNECT", "SPIDER", "S3", "COLUMNSTORE", "TOKUDB", "NDBCLUSTER", "MROONGA"})
NAMES_SHOWN = 3


class EnginesInUse:
    """Are there tables that make the backup lock the server, or whose rows it does not hold?"""

    name = "engines_in_use"

    def run(self, subject: Subject) -> CheckResult:
        """See Check.run."""
        facts = subject.facts
        if facts is None:
            return unknown(self, subject, NOT_LOGGED_IN)
        by_engine: dict[str, list[str]] = {}
        for table in facts.other_tables:
            if table.schema.lower() not in SYSTEM_SCHEMAS:
                by_engine.setdefault(table.engine.upper(), []).append(f"{table.schema}.{table.table}")
        is_mariadb = facts.vendor is Vendor.MARIADB
        told = []
        for engine, tables in sorted(by_engine.items()):
            if engine in ELSEWHERE or (engine == "ROCKSDB" and facts.vendor is Vendor.MYSQL):
                told.append(f"rows of {_named(tables)} ({engine}) are not in the backup")
            elif engine in {"MYISAM", "ROCKSDB"} and not is_mariadb:
                told.append(f"writes wait while {_named(tables)} ({engine}) are copied")
        if not told and not shows_all_tables(facts.grants):
            return warning(
                self,
                subject,
                "tables of other engines than InnoDB are not seen: the account has no privilege that shows them",
                cause="Should the backup lack such a table, or lock the server for it, nobody would notice.",
                fix="Let an administrator of the server grant SHOW VIEW, which shows the tables' names and no row.",
                command=grant_statement(("SHOW VIEW",), account_of(facts.grants) or facts.user),
            )
        if not told:
            return passed(self, subject, "no table needs a global lock or is left out")
        return warning(
            self,
            subject,
            "; ".join(told),
            cause="The engine copies such tables under FLUSH TABLES WITH READ LOCK; InnoDB tables need no lock.",
            fix="Convert them to InnoDB where that is possible.",
            command=_convert(by_engine, is_mariadb=is_mariadb),
        )


def _named(tables: list[str]) -> str:
    shown = ", ".join(sorted(tables)[:NAMES_SHOWN])
    return shown if len(tables) <= NAMES_SHOWN else f"{shown} and {len(tables) - NAMES_SHOWN} more"


def _convert(by_engine: dict[str, list[str]], *, is_mariadb: bool) -> str:
    if is_mariadb:
        return ""
    names = sorted(by_engine.get("MYISAM", []))[:NAMES_SHOWN]
    return "\n".join("ALTER TABLE `{}`.`{}` ENGINE=InnoDB;".format(*name.split(".", 1)) for name in names)
