"""Roles, passwords and databases: who may do what, before the first migration runs.

`earshot_owner` owns every table, `earshot_pipeline` writes rows, `earshot_web` and
`earshot_analyst` read the views of schema `analytics`. Grants on tables stand in migrations.
"""

from __future__ import annotations

from collections.abc import Mapping

import psycopg2
from psycopg2 import sql
from psycopg2.extensions import connection as Connection

from earshot.errors import FixSettings

ROLES = ("owner", "pipeline", "web", "analyst")
ANALYST_TIMEOUT_SECONDS = 60
OLDEST_SERVER = 150000
PREPARING = 0x45415201
"""Key of the advisory lock under which roles and databases are made."""

EXISTING_ROLES = "select rolname from pg_roles where rolname = any(%s)"
EXISTING_DATABASES = "select datname from pg_database where datname = any(%s)"
MAY_BECOME = "select bool_and(pg_has_role(rolname, %s)) from pg_roles where rolname = any(%s)"
SET_RIGHT_SINCE = 160000
"""Before, every member of a role could take it on."""


def role_name(role: str) -> str:
    """Name of a role in Postgres."""
    return f"earshot_{role}"


ROLE_NAMES = tuple(role_name(role) for role in ROLES)


def missing_roles(conn: Connection) -> list[str]:
    """Roles that this server does not have yet."""
    with conn.cursor() as cursor:
        cursor.execute(EXISTING_ROLES, [list(ROLE_NAMES)])
        found = {row[0] for row in cursor.fetchall()}
    return [name for name in ROLE_NAMES if name not in found]


def create_roles(conn: Connection, passwords: Mapping[str, str]) -> None:
    """Create each role of `passwords` that is missing; on one that exists nothing changes.

    Args:
        conn: an autocommit connection of somebody who may create roles.
        passwords: by role name.
    """
    with conn.cursor() as cursor:
        cursor.execute(EXISTING_ROLES, [list(passwords)])
        found = {row[0] for row in cursor.fetchall()}
        for name, password in passwords.items():
            if name not in found:
                create = sql.SQL("create role {} login password {}")
                cursor.execute(create.format(sql.Identifier(name), sql.Literal(password)))
                if name == role_name("analyst"):
                    _limit_analyst(conn)


def _limit_analyst(conn: Connection) -> None:
    """Read only unless asked otherwise, and no query that runs for ever."""
    analyst = sql.Identifier(role_name("analyst"))
    settings = {
        "default_transaction_read_only": "on",
        "statement_timeout": f"{ANALYST_TIMEOUT_SECONDS}s",
        "search_path": "analytics",
    }
    with conn.cursor() as cursor:
        for name, value in settings.items():
            set_one = sql.SQL("alter role {} set {} = {}")
            cursor.execute(set_one.format(analyst, sql.Identifier(name), sql.Literal(value)))


def create_database(conn: Connection, name: str, owner: str) -> None:
    """Create a database of that owner which only the owner may enter, unless it exists."""
    with conn.cursor() as cursor:
        cursor.execute(EXISTING_DATABASES, [[name]])
        if cursor.fetchone() is None:
            parts = {"name": sql.Identifier(name), "owner": sql.Identifier(owner)}
            cursor.execute(sql.SQL("create database {name} owner {owner}").format(**parts))
            cursor.execute(sql.SQL("revoke all on database {name} from public").format(**parts))


def admit_roles(conn: Connection, database: str) -> None:
    """Let the four roles connect; the owner makes schemas, the pipeline stages in temp tables."""
    rights = {
        role_name("owner"): "connect, create, temporary",
        role_name("pipeline"): "connect, temporary",
    }
    with conn.cursor() as cursor:
        for name in ROLE_NAMES:
            grant = sql.SQL("grant " + rights.get(name, "connect") + " on database {} to {}")
            cursor.execute(grant.format(sql.Identifier(database), sql.Identifier(name)))


def prepare_embedded(conn: Connection, passwords: Mapping[str, str]) -> None:
    """Roles and the databases `earshot` and `airflow` on the embedded server.

    Args:
        conn: an autocommit connection of the superuser.
        passwords: by role name, with `airflow`.
    """
    with conn.cursor() as cursor:
        cursor.execute("select pg_advisory_lock(%s)", [PREPARING])
        create_roles(conn, passwords)
        create_database(conn, "earshot", role_name("owner"))
        create_database(conn, "airflow", "airflow")
        admit_roles(conn, "earshot")
        cursor.execute("select pg_advisory_unlock(%s)", [PREPARING])


def prepare_external(conn: Connection, passwords: Mapping[str, str]) -> dict[str, str]:
    """Roles on a server that somebody else runs, and the right to act as them.

    Args:
        conn: an autocommit connection with the address that the user gave.
        passwords: for roles that are missing, by role name.

    Returns:
        Passwords of the roles that were created, by role name.

    Raises:
        FixSettings: the server is too old, or the user may not do what is needed.
    """
    if conn.server_version < OLDEST_SERVER:
        raise FixSettings(
            f"EARSHOT_DATABASE_URL: the server runs Postgres {conn.server_version // 10000}; "
            "Earshot needs 15 or newer."
        )
    with conn.cursor() as cursor:
        cursor.execute("select pg_advisory_lock(%s)", [PREPARING])
        try:
            made = {name: passwords[name] for name in missing_roles(conn)}
            create_roles(conn, made)
            _become_member(conn)
            admit_roles(conn, conn.info.dbname)
        except psycopg2.errors.InsufficientPrivilege as error:
            raise FixSettings(_remedy(conn)) from error
        finally:
            cursor.execute("select pg_advisory_unlock(%s)", [PREPARING])
    return made


def _become_member(conn: Connection) -> None:
    """`set role` needs membership, which creating a role does not give by itself."""
    with conn.cursor() as cursor:
        cursor.execute("select rolsuper from pg_roles where rolname = current_user")
        is_superuser = (cursor.fetchone() or (False,))[0]
        right = "set" if conn.server_version >= SET_RIGHT_SINCE else "member"
        cursor.execute(MAY_BECOME, [right, list(ROLE_NAMES)])
        if is_superuser or (cursor.fetchone() or (False,))[0]:
            return
        for name in ROLE_NAMES:
            cursor.execute(sql.SQL("grant {} to current_user").format(sql.Identifier(name)))


def _remedy(conn: Connection) -> str:
    user, database, names = conn.info.user, conn.info.dbname, ", ".join(ROLE_NAMES)
    creates = "; ".join(f"create role {name} login" for name in ROLE_NAMES)
    return (
        f'EARSHOT_DATABASE_URL: user "{user}" may not prepare the database "{database}"; let an '
        f'administrator run: {creates}; grant {names} to "{user}"; '
        f'alter database "{database}" owner to "{user}".'
    )
