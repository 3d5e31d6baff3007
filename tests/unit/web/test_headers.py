"""Security headers, cookies, assets, health and metrics."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from shared.identity import Role
from shared.service import RunningService
from shared.web.app import create_app
from tests.unit.web.conftest import LogIn


@pytest.mark.parametrize(
    "path", ["/sample/public", "/sample/nothing", "/sample/broken", "/sample/api/openapi.json", "/sample/mine"]
)
def test_every_answer_carries_the_security_headers(client: FlaskClient, path: str) -> None:
    headers = client.get(path).headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cache-Control"] == "no-store"


def test_a_page_may_lead_a_form_to_the_payment_provider(client: FlaskClient) -> None:
    assert "form-action 'self' https://pay.example;" in client.get("/sample/pay").headers["Content-Security-Policy"]
    assert "form-action 'self';" in client.get("/sample/public").headers["Content-Security-Policy"]


def test_cookies_are_shared_by_all_services_and_closed_to_scripts(client: FlaskClient) -> None:
    cookie = client.get("/sample/public").headers["Set-Cookie"]
    assert cookie.startswith("tsudoi_session=")
    assert {"HttpOnly", "Path=/", "SameSite=Lax"} <= set(cookie.split("; "))


def test_behind_https_cookies_are_secure_and_browsers_stay_there(running: RunningService) -> None:
    running.settings = replace(running.settings, public_url="https://tsudoi.example")
    answer = create_app(running).test_client().get("/sample/public")
    assert "Secure" in answer.headers["Set-Cookie"].split("; ")
    assert answer.headers["Strict-Transport-Security"].startswith("max-age=31536000")


def test_assets_are_kept_for_ever_under_their_version(client: FlaskClient) -> None:
    page = client.get("/sample/public").text
    addresses = re.findall(r'(?:href|src)="(/sample/static/[^"]+)"', page)
    assert any(address.endswith("htmx.min.js") for address in addresses)
    for address in addresses:
        with client.get(address) as answer:
            assert answer.status_code == 200
            assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"


@pytest.mark.parametrize("path", ["../app.py", "%2e%2e/app.py", "..%2fapp.py", "css/../../app.py"])
def test_assets_do_not_lead_out_of_their_folder(client: FlaskClient, path: str) -> None:
    assert client.get(f"/sample/static/kit/x/{path}").status_code == 404


def test_live_and_ready(client: FlaskClient) -> None:
    assert client.get("/sample/health/live").json == {"live": True}
    assert client.get("/sample/health/ready").json == {"ready": True}


@pytest.mark.row("A18")
@pytest.mark.parametrize(
    ("heads", "ready"),
    [(["kit_0001"], False), ([], False), (["kit_9999"], True), (["kit_0002", "sample_0001"], True)],
    ids=["behind", "never migrated", "by a newer release", "a branch that is new to us"],
)
def test_whoever_starts_where_a_newer_release_has_migrated_is_ready(
    client: FlaskClient, running: RunningService, heads: list[str], ready: bool
) -> None:
    """So that one can go back, and a process of the older release that dies during an update comes up again."""
    with running.session() as session:
        session.execute(sa.text("DELETE FROM alembic_version"))
        for head in heads:
            session.execute(sa.text("INSERT INTO alembic_version (version_num) VALUES (:head)"), {"head": head})
    answer = client.get("/sample/health/ready")
    assert (answer.status_code, answer.json and answer.json["ready"]) == (200 if ready else 503, ready)


def test_metrics_tell_how_far_behind_the_service_is(client: FlaskClient) -> None:
    client.get("/sample/public")
    text = client.get("/sample/metrics").text
    for line in ("tsudoi_outbox_unsent", "tsudoi_outbox_oldest_seconds", "tsudoi_inbox_waiting", "tsudoi_inbox_parked"):
        assert f'{line}{{service="sample"}} 0.0' in text
    assert 'tsudoi_http_seconds_count{endpoint="sample.public",service="sample",status="200"}' in text


def test_the_api_describes_itself(client: FlaskClient) -> None:
    document = client.get("/sample/api/openapi.json").json
    assert document is not None
    assert document["openapi"] == "3.1.0"
    assert set(document["paths"]) == {"/sample/api/fees/", "/sample/api/fees/whoami", "/sample/api/audit"}
    assert "Problem" in document["components"]["schemas"]


def test_the_navigation_shows_what_the_role_may_use(log_in: LogIn) -> None:
    events = log_in(Role.EVENTS).get("/sample/console/fees").text
    assert "/events/console/events" in events
    assert "/payments/console/bank-files" not in events
    assert "/payments/console/bank-files" in log_in(Role.ACCOUNTING).get("/sample/console/fees").text
