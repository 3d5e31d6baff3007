"""The gateway: prefixes to services, figures kept inside, what clients claim dropped, streams at once."""

from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import requests

from deploy.stack.errors import ServerMissing
from deploy.stack.nginx import Gateway
from deploy.stack.ports import free_port
from deploy.stack.state import SERVICES
from tests.servers.missing import missing

go_on = threading.Event()


class Echo(BaseHTTPRequestHandler):
    """Answers with what reached it; `…/stream` sends one line, waits, and sends another."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        if self.path.endswith("/stream"):
            self.send_response(200)
            self.send_header("Content-Type", "text/event-stream")
            self.end_headers()
            self.wfile.write(b"data: first\n\n")
            self.wfile.flush()
            go_on.wait(20)
            self.wfile.write(b"data: second\n\n")
            self.close_connection = True
            return
        length = int(self.headers.get("Content-Length") or 0)
        size = len(self.rfile.read(length))
        body = json.dumps({"path": self.path, "headers": list(self.headers.items()), "size": size}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET  # noqa: N815

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def gateway() -> Iterator[Gateway]:
    with TemporaryDirectory(prefix="tsudoi-test-gateway-") as name:
        Path(name).chmod(0o711)
        echo = ThreadingHTTPServer(("127.0.0.1", free_port()), Echo)
        thread = threading.Thread(target=echo.serve_forever)
        thread.start()
        upstreams = dict.fromkeys((*SERVICES, "sandbox"), echo.server_port) | {"events": free_port()}
        try:
            server = Gateway(Path(name) / "gateway", free_port(), upstreams)
            server.start()
            try:
                yield server
            finally:
                server.stop()
        except ServerMissing as trouble:
            missing("nginx", str(trouble))
        finally:
            go_on.set()
            echo.shutdown()
            thread.join()
            echo.server_close()


def seen(response: requests.Response) -> dict[str, str]:
    """Headers that reached the service; a doubled one would not hide behind the other."""
    names = [name.lower() for name, _ in response.json()["headers"]]
    assert len(names) == len(set(names))
    return {name.lower(): value for name, value in response.json()["headers"]}


@pytest.mark.parametrize("prefix", ["members", "billing", "payments", "notifications", "sandbox"])
def test_a_path_reaches_the_service_of_its_prefix_unchanged(gateway: Gateway, prefix: str) -> None:
    response = requests.get(f"{gateway.url}/{prefix}/a/%E4%BC%9A?q=1", timeout=5)
    assert response.json()["path"] == f"/{prefix}/a/%E4%BC%9A?q=1"


def test_the_front_door_leads_to_the_members_service(gateway: Gateway) -> None:
    response = requests.get(f"{gateway.url}/", timeout=5, allow_redirects=False)
    assert (response.status_code, response.headers["Location"]) == (302, f"{gateway.url}/members/")


@pytest.mark.rule("S40")
@pytest.mark.parametrize(
    "path",
    [
        "/billing/metrics",
        "/billing/metrics/",
        "/billing//metrics",
        "//billing/metrics",
        "/billing/%6detrics",
        "/billing/%6Detrics?x=1",
        "/billing/./metrics",
        "/billing/x/../metrics",
        "/billing/x/..%2fmetrics",
        "/members/../billing/metrics",
        "/billing%2fmetrics",
        "/metrics",
        "/unknown/",
        "/billing",
        "/out-of-order/page",
    ],
)
def test_what_is_inside_stays_inside(gateway: Gateway, path: str) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", gateway.port, timeout=5)
    connection.request("GET", path)
    assert connection.getresponse().status == 404
    connection.close()


@pytest.mark.rule("S29")
@pytest.mark.parametrize(
    "name",
    [
        *("X-User-Id", "x-user-id", "X_User_Id", "X-User", "X-User-Roles", "X-User-Email", "X-Remote-User"),
        *("X-Forwarded-User", "X_Forwarded_For", "X-Forwarded-Prefix", "Forwarded", "X-Original-URL", "Proxy"),
        *("X-HTTP-Method-Override", "X-Forwarded-Server", "X-Forwarded-Port", "X-Rewrite-Url", "X-User-Society"),
    ],
)
def test_what_a_client_says_about_itself_is_dropped(gateway: Gateway, name: str) -> None:
    headers = seen(requests.get(f"{gateway.url}/billing/x", headers={name: "forged-value"}, timeout=5))
    assert "forged-value" not in headers.values()


@pytest.mark.rule("S29")
def test_the_way_is_told_by_the_gateway_alone(gateway: Gateway) -> None:
    forged = {"X-Forwarded-For": "8.8.8.8", "X-Forwarded-Proto": "https", "X-Forwarded-Host": "evil.example"}
    forged |= {"X-Request-Id": "forged", "X-Real-IP": "8.8.8.8", "Connection": "X-Real-IP, X-Request-Id"}
    response = requests.get(f"{gateway.url}/billing/x", headers=forged, timeout=5)
    headers = seen(response)
    assert headers["x-forwarded-for"] == headers["x-real-ip"] == "127.0.0.1"
    assert headers["x-forwarded-proto"] == "http"
    assert headers["x-forwarded-host"] == headers["host"] == f"127.0.0.1:{gateway.port}"
    assert headers["x-request-id"] == response.headers["X-Request-Id"] != "forged"


def test_what_services_need_passes(gateway: Gateway) -> None:
    sent = {"Authorization": "Bearer x", "X-CSRFToken": "t", "HX-Request": "true", "Idempotency-Key": "k"}
    sent |= {"Webhook-Signature": "s", "traceparent": "00-1-2-01", "Last-Event-ID": "7", "Cookie": "a=b"}
    headers = seen(requests.get(f"{gateway.url}/billing/x", headers=sent, timeout=5))
    assert {name: headers.get(name.lower()) for name in sent} == sent


def test_lines_of_a_stream_arrive_at_once(gateway: Gateway) -> None:
    go_on.clear()
    with requests.get(f"{gateway.url}/billing/runs/1/stream", stream=True, timeout=5) as response:
        lines = response.iter_lines()
        assert next(lines) == b"data: first"
        go_on.set()
        assert b"data: second" in list(lines)


@pytest.mark.parametrize(("megabytes", "status"), [(100, 200), (111, 413)])
def test_uploads_of_100_megabytes_pass_and_larger_ones_do_not(gateway: Gateway, megabytes: int, status: int) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", gateway.port, timeout=60)
    connection.putrequest("POST", "/members/imports")
    connection.putheader("Content-Length", str(megabytes * 1_000_000 if status == 200 else megabytes * 1024 * 1024))
    connection.endheaders()
    if status == 200:
        for _ in range(megabytes):
            connection.send(bytes(1_000_000))
    assert connection.getresponse().status == status
    connection.close()


def test_a_service_that_is_down_leaves_a_sentence(gateway: Gateway) -> None:
    page = requests.get(f"{gateway.url}/events/x", headers={"Accept": "text/html"}, timeout=5)
    assert page.status_code == 503 and "しばらくしてから" in page.content.decode()
    problem = requests.get(f"{gateway.url}/events/api/x", timeout=5)
    assert problem.headers["Content-Type"] == "application/problem+json" and problem.json()["status"] == 503
    assert problem.headers["Retry-After"]
