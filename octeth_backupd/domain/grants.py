"""Reading SHOW GRANTS and saying which privileges are missing, with the statements that grant them."""

from __future__ import annotations

import re
from dataclasses import dataclass

_GRANT = re.compile(
    r"^GRANT\s+(?P<privileges>.+?)\s+ON\s+(?:(?P<kind>TABLE|FUNCTION|PROCEDURE|PACKAGE(?:\s+BODY)?)\s+)?"
    r"(?P<database>`(?:[^`]|``)+`|[^\s.`]+)\.(?P<table>`(?:[^`]|``)+`|[^\s`]+)\s+TO\s",
    re.IGNORECASE | re.DOTALL,
)
_ROLE = re.compile(r"^GRANT\s+(?P<roles>.+?)\s+TO\s", re.IGNORECASE | re.DOTALL)
_REVOKE = re.compile(r"^REVOKE\s", re.IGNORECASE)
_QUOTED_OR_WORD = re.compile(r"[`'\"]((?:[^`'\"])+)[`'\"](?:@[`'\"][^`'\"]*[`'\"])?|([^,\s]+)")
_TABLE_REQUIREMENT = re.compile(r"^(?P<privilege>.+?)\s+ON\s+(?P<database>[^.\s]+)\.(?P<table>\S+)$", re.IGNORECASE)

# Two names for one privilege; MariaDB 10.5.2 renamed REPLICATION CLIENT and spells SLAVE and REPLICA both ways.
_SYNONYMS = {
    "REPLICATION CLIENT": "BINLOG MONITOR",
    "SLAVE MONITOR": "REPLICA MONITOR",
    "REPLICATION REPLICA": "REPLICATION SLAVE",
    "REPLICATION REPLICA ADMIN": "REPLICATION SLAVE ADMIN",
    "ALL": "ALL PRIVILEGES",
    "DELETE VERSIONING ROWS": "DELETE HISTORY",
}

# "you need (at least one of) the SUPER, BINLOG MONITOR privilege(s)", mariadbd 10.11; MySQL likewise.
_IMPLIED_BY = {"BINLOG MONITOR": ("SUPER",)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Privilege:
    """One privilege on one object; ``*`` stands for all databases or all tables."""

    name: str
    database: str = "*"
    table: str = "*"


@dataclass(frozen=True, slots=True, kw_only=True)
class Grants:
    """What an account may do, by the lines of SHOW GRANTS.

    Attributes:
        privileges: Granted directly, names in upper case with synonyms resolved.
        roles: Roles it holds: what they bring is not in these lines unless they are active.
        revoked: Partial revokes (MySQL): privileges that do *not* hold in one database although granted on all.
    """

    privileges: frozenset[Privilege]
    roles: tuple[str, ...] = ()
    revoked: frozenset[Privilege] = frozenset()

    def allows(self, wanted: Privilege) -> bool:
        """Return whether the privilege holds, by itself, by ALL PRIVILEGES, or on a wider object."""
        if any(
            revoked.name == wanted.name and revoked.database.lower() == wanted.database.lower()
            for revoked in self.revoked
        ):
            return self._holds(wanted, wider=False)
        return self._holds(wanted, wider=True)

    def _holds(self, wanted: Privilege, *, wider: bool) -> bool:
        names = {wanted.name, "ALL PRIVILEGES", *_IMPLIED_BY.get(wanted.name, ())}
        return any(
            granted.name in names
            and (wider or granted.database != "*")
            and _covers(granted.database, wanted.database)
            and granted.table.lower() in {wanted.table.lower(), "*"}
            for granted in self.privileges
        )


def parse_grants(lines: tuple[str, ...] | list[str]) -> Grants:
    """Return what the lines of ``SHOW GRANTS`` grant.

    A privilege on some *columns* of a table counts as the privilege on nothing: a backup needs whole tables. Lines of
    another form (PROXY, SET DEFAULT ROLE) grant nothing that matters here.

    Source:
        MySQL 8.4 manual, 15.7.7.22 "SHOW GRANTS Statement"; MariaDB knowledge base, "SHOW GRANTS".
    """
    privileges: set[Privilege] = set()
    revoked: set[Privilege] = set()
    roles: list[str] = []
    for line in lines:
        text = line.strip()
        is_revoke = _REVOKE.match(text) is not None
        as_grant = re.sub(r"^REVOKE\s", "GRANT ", re.sub(r"\sFROM\s", " TO ", text), flags=re.I) if is_revoke else text
        match = _GRANT.match(as_grant)
        if match is not None:
            if match["kind"] and match["kind"].upper() != "TABLE":
                continue
            found = _privileges(match["privileges"], _identifier(match["database"]), _identifier(match["table"]))
            (revoked if is_revoke else privileges).update(found)
        elif not is_revoke and " ON " not in text.upper():
            role = _ROLE.match(text)
            if role is not None:
                roles.extend(_role_names(role["roles"]))
    return Grants(privileges=frozenset(privileges), roles=tuple(roles), revoked=frozenset(revoked))


def parse_requirement(text: str) -> Privilege:
    """Return a requirement such as ``PROCESS`` or ``SELECT ON performance_schema.log_status`` as a value."""
    match = _TABLE_REQUIREMENT.match(text.strip())
    if match is None:
        return Privilege(name=_canonical(text))
    return Privilege(
        name=_canonical(match["privilege"]),
        database=_identifier(match["database"]),
        table=_identifier(match["table"]),
    )


def missing_grants(required: tuple[str, ...], lines: tuple[str, ...] | list[str]) -> tuple[str, ...]:
    """Return those of ``required`` that the lines of SHOW GRANTS do not grant, as they were written and in order."""
    grants = parse_grants(lines)
    return tuple(text for text in required if not grants.allows(parse_requirement(text)))


def shows_all_tables(lines: tuple[str, ...] | list[str]) -> bool:
    """Return whether the account sees every table in ``information_schema.TABLES``.

    A table is listed for whoever has a privilege on it. SHOW VIEW on all is the smallest that does, and reads no row;
    PROCESS, RELOAD and LOCK TABLES on all do not show tables.

    Source:
        MySQL 8.4 manual, "INFORMATION_SCHEMA: Privileges"; tried on MySQL 9.7 and MariaDB 10.11.
    """
    grants = parse_grants(lines)
    return any(grants.allows(Privilege(name=name)) for name in ("SHOW VIEW", "SELECT"))


def grant_statement(missing: tuple[str, ...], account: str) -> str:
    """Return the statements that grant what is missing, one a line.

    Args:
        missing: As ``missing_grants`` returns them.
        account: As ``CURRENT_USER()`` spells it, ``user@host``.
    """
    user = quote_account(account)
    on_everything = [text for text in missing if parse_requirement(text).database == "*"]
    statements = []
    if on_everything:
        statements.append(f"GRANT {', '.join(on_everything)} ON *.* TO {user};")
    for text in missing:
        privilege = parse_requirement(text)
        if privilege.database != "*":
            statements.append(f"GRANT {privilege.name} ON {privilege.database}.{privilege.table} TO {user};")
    return "\n".join(statements)


def quote_account(account: str) -> str:
    """Return ``user@host`` quoted for SQL; without a host, any host is meant."""
    bare = account.strip()
    user, separator, host = bare.rpartition("@")
    if not separator:
        user, host = bare, "%"
    return f"{_quote(user.strip(_QUOTES))}@{_quote(host.strip(_QUOTES))}"


def account_of(lines: tuple[str, ...] | list[str]) -> str | None:
    """Return the account that the lines of SHOW GRANTS are about, as ``user@host``; None when none says so."""
    for line in lines:
        match = re.search(r"\sTO\s+([`'\"](?:[^`'\"])*[`'\"])@([`'\"](?:[^`'\"])*[`'\"])", line, flags=re.IGNORECASE)
        if match is not None:
            return f"{match[1].strip(_QUOTES)}@{match[2].strip(_QUOTES)}"
    return None


_QUOTES = "`'\""


def _quote(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "''") + "'"


def _identifier(text: str) -> str:
    if text.startswith("`") and text.endswith("`"):
        return text[1:-1].replace("``", "`").replace("\\_", "_")
    return text.replace("\\_", "_")


def _covers(granted_database: str, wanted_database: str) -> bool:
    """Return whether a granted database, perhaps with ``%`` as wildcard, holds the wanted one; "*" holds all."""
    if granted_database == "*":
        return True
    if wanted_database == "*":
        return False
    pattern = ".*".join(re.escape(part) for part in granted_database.split("%"))
    return re.fullmatch(pattern, wanted_database, flags=re.IGNORECASE) is not None


def _canonical(name: str) -> str:
    upper = " ".join(name.upper().split())
    return _SYNONYMS.get(upper, upper)


def _privileges(text: str, database: str, table: str) -> set[Privilege]:
    without_columns = re.sub(r"[A-Za-z ]+\([^)]*\)", "", text)
    names = [part for part in (piece.strip() for piece in without_columns.split(",")) if part]
    return {Privilege(name=_canonical(name), database=database, table=table) for name in names}


def _role_names(text: str) -> list[str]:
    return [quoted or word for quoted, word in _QUOTED_OR_WORD.findall(text)]
