"""The servers that other tests get: each database and virtual host is new, with the right roles."""

from __future__ import annotations

import amqp
import psycopg
import pytest

from tests.servers.plugin import FreshDatabase, FreshVhost


def plain(url: str) -> str:
    return url.replace("postgresql+psycopg", "postgresql")


def test_a_services_role_uses_the_tables_of_the_owner_but_makes_none(fresh_database: FreshDatabase) -> None:
    app_url, owner_url = (plain(url) for url in fresh_database("billing"))
    with psycopg.connect(owner_url) as owner:
        owner.execute("CREATE TABLE invoices (id serial PRIMARY KEY, payer text)")
    with psycopg.connect(app_url) as app:
        app.execute("INSERT INTO invoices (payer) VALUES ('山田太郎')")
        assert app.execute("SELECT payer FROM invoices WHERE payer LIKE '山田%'").fetchone() is not None
    with psycopg.connect(app_url) as app, pytest.raises(psycopg.errors.InsufficientPrivilege):
        app.execute("CREATE TABLE mine (id int)")


@pytest.mark.rule("S3")
def test_a_services_role_cannot_bypass_row_level_security(fresh_database: FreshDatabase) -> None:
    app_url, owner_url = (plain(url) for url in fresh_database("members"))
    with psycopg.connect(owner_url) as owner:
        owner.execute("CREATE TABLE people (society_id int, name text)")
        owner.execute("INSERT INTO people VALUES (1, 'ours'), (2, 'theirs')")
        owner.execute("ALTER TABLE people ENABLE ROW LEVEL SECURITY")
        owner.execute("CREATE POLICY one_society ON people USING (society_id = current_setting('t.society')::int)")
    with psycopg.connect(app_url) as app:
        app.execute("SET t.society = 1")
        assert app.execute("SELECT name FROM people").fetchall() == [("ours",)]
    for forbidden in (
        "ALTER TABLE people DISABLE ROW LEVEL SECURITY",
        "SET ROLE members_owner",
        "ALTER ROLE members BYPASSRLS",
        "DROP POLICY one_society ON people",
    ):
        with psycopg.connect(app_url) as app, pytest.raises(psycopg.errors.InsufficientPrivilege):
            app.execute(forbidden)


def test_a_service_cannot_enter_the_database_of_another(fresh_database: FreshDatabase) -> None:
    billing, members = plain(fresh_database("billing").app_url), plain(fresh_database("members").app_url)
    intruder = members.rsplit("/", 1)[0] + "/" + billing.rsplit("/", 1)[1]
    with pytest.raises(psycopg.OperationalError, match="permission denied"):
        psycopg.connect(intruder)


def test_databases_are_new_each_time_and_kanji_have_trigrams(fresh_database: FreshDatabase) -> None:
    first, second = fresh_database("events"), fresh_database("events")
    assert first != second
    with psycopg.connect(plain(first.app_url)) as app:
        row = app.execute("SELECT cardinality(show_trgm('山田太郎'))").fetchone()
        assert row is not None and row[0] > 0


def test_virtual_hosts_are_new_each_time(fresh_vhost: FreshVhost) -> None:
    first, second = fresh_vhost(), fresh_vhost()
    assert first != second
    for url in (first, second):
        login, place = url.removeprefix("amqp://").split("@")
        user, password = login.split(":")
        host, vhost = place.split("/")
        with amqp.Connection(host, user, password, virtual_host=vhost) as connection:
            channel = connection.channel()
            made = channel.queue_declare(
                "billing", durable=True, auto_delete=False, arguments={"x-queue-type": "quorum"}
            )
            assert made.message_count == 0
