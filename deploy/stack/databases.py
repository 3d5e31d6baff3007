"""One database for each service, with two roles: `<service>_owner` makes and changes the tables, `<service>` uses them.

The service's role owns nothing and cannot bypass row-level security, so that PostgreSQL enforces once more what the
session filters: one society never sees another's rows.

`python -m deploy.stack.databases` does it for every service whose `TSUDOI_DATABASE_<SERVICE>` is set, on the server
where `TSUDOI_DATABASE_ADMIN` is a superuser's address (the container stack does this once)."""

from __future__ import annotations

import os

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from deploy.stack.errors import StackError

TEMPLATE = "tsudoi_template"
LOCK = 7_305_001


def create_database(admin_url: str, database: str, service: str, password: str, template: str = TEMPLATE) -> None:
    """Create the roles (`password` for both) and the database, unless they exist. `template`: a database to copy."""
    with psycopg.connect(admin_url, autocommit=True) as admin:
        admin.execute("SELECT pg_advisory_lock(%s)", [LOCK])
        if template == TEMPLATE:
            _ensure_template(admin, admin_url)
        for role in (f"{service}_owner", service):
            _ensure_role(admin, role, password)
        if _exists(admin, database):
            return
        owner, app = sql.Identifier(f"{service}_owner"), sql.Identifier(service)
        name = sql.Identifier(database)
        admin.execute(
            sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE {}").format(name, owner, sql.Identifier(template)),
        )
        admin.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(name))
        admin.execute(sql.SQL("GRANT CONNECT, TEMPORARY ON DATABASE {} TO {}").format(name, app))
    if template == TEMPLATE:
        with psycopg.connect(_other_database(admin_url, database), autocommit=True) as inside:
            for kind, rights in (("TABLES", "SELECT, INSERT, UPDATE, DELETE"), ("SEQUENCES", "USAGE, SELECT, UPDATE")):
                statement = "ALTER DEFAULT PRIVILEGES FOR ROLE {} GRANT {} ON {} TO {}"
                inside.execute(sql.SQL(statement).format(owner, sql.SQL(rights), sql.SQL(kind), app))


def drop_database(admin_url: str, database: str) -> None:
    """Drop it, whoever is still connected."""
    with psycopg.connect(admin_url, autocommit=True) as admin:
        admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(database)))


def _ensure_template(admin: psycopg.Connection, admin_url: str) -> None:
    if _exists(admin, TEMPLATE):
        return
    ctype = admin.execute("SELECT datctype FROM pg_database WHERE datname = 'template0'").fetchone()
    if ctype is None or "UTF" not in ctype[0].upper():
        raise StackError("this PostgreSQL has no UTF-8 character type: pg_trgm would not see kanji")
    admin.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8'").format(sql.Identifier(TEMPLATE)))
    with psycopg.connect(_other_database(admin_url, TEMPLATE), autocommit=True) as inside:
        inside.execute("CREATE EXTENSION pg_trgm")


def _ensure_role(admin: psycopg.Connection, role: str, password: str) -> None:
    exists = admin.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone()
    statement = "{} ROLE {} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS PASSWORD {}"
    verb = sql.SQL("CREATE" if exists is None else "ALTER")
    admin.execute(sql.SQL(statement).format(verb, sql.Identifier(role), sql.Literal(password)))


def _exists(admin: psycopg.Connection, database: str) -> bool:
    return admin.execute("SELECT 1 FROM pg_database WHERE datname = %s", [database]).fetchone() is not None


def _other_database(url: str, database: str) -> str:
    return make_conninfo(url, dbname=database)


def main() -> None:
    admin_url = os.environ["TSUDOI_DATABASE_ADMIN"]
    for variable, url in sorted(os.environ.items()):
        if not variable.startswith("TSUDOI_DATABASE_") or variable.endswith(("_ADMIN", "_OWNER")):
            continue
        parts = conninfo_to_dict(url.replace("postgresql+psycopg://", "postgresql://"))
        create_database(admin_url, str(parts["dbname"]), str(parts["user"]), str(parts["password"]))


if __name__ == "__main__":
    main()
