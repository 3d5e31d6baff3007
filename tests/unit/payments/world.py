"""A society that takes payments: the service and the sandbox provider on a real port, real HTTP both ways."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Any, TypeVar
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import msgspec
import requests
import sqlalchemy as sa
from cheroot.wsgi import Server
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from services.payments.models import AttemptRow, DepositRow, NoticeRow, PaymentRow, RequestRow
from services.payments.sandbox.app import create_sandbox
from services.payments.service import SERVICE
from services.payments.settings import PaymentSettings
from shared import clock
from shared.bus import inbox
from shared.identity import Role
from shared.ids import new_id
from shared.messages import Envelope, Message, encode
from shared.messages.billing import Invoice, InvoiceCreated
from shared.messages.members import Person, PersonChanged, Society, SocietyChanged
from shared.outbox import OutboxRow
from shared.service import RunningService
from shared.uow import UnitOfWork
from shared.web.app import create_app
from tests.tokens import token_of

SECRET = "sandbox-secret-of-the-tests"
Said = TypeVar("Said", bound=Message)
Row = TypeVar("Row", AttemptRow, DepositRow, NoticeRow, PaymentRow, RequestRow)


class Gateway:
    """Payments and the sandbox behind one address; `down` makes one of them unreachable."""

    def __init__(self) -> None:
        self.apps: dict[str, WSGIApplication] = {}
        self.down: set[str] = set()
        self.after: dict[str, Callable[[WSGIEnvironment], None]] = {}

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        name = str(environ["PATH_INFO"]).split("/")[1]
        if name in self.down:
            start_response("503 Service Unavailable", [("Content-Length", "0")])
            return []
        answer = list(self.apps[name](environ, start_response))
        if name in self.after:
            self.after[name](environ)
        return answer


class World:
    """Everything that a test of payments needs."""

    def __init__(self, home: Path, database: str) -> None:
        self.society = new_id()
        self.key = Ed25519PrivateKey.generate()
        public = home / "token.pem"
        public.write_bytes(self.key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
        self.gateway = Gateway()
        self.server = Server(("127.0.0.1", 0), self.gateway, numthreads=24)
        self.server.prepare()
        self.url = f"http://127.0.0.1:{self.server.bind_addr[1]}"
        settings = PaymentSettings(
            service="payments",
            database=database,
            public_url=self.url,
            secret="s" * 32,
            token_public=public,
            home=home,
            sandbox_secret=SECRET,
        )
        self.running: RunningService = SERVICE.start(settings)
        self.app = create_app(self.running)
        self.sandbox = create_sandbox(home, SECRET)
        self.gateway.apps = {"payments": self.app, "sandbox": self.sandbox}
        self.thread = threading.Thread(target=self.server.serve, daemon=True)
        self.thread.start()
        self.hear(
            SocietyChanged(
                society=Society(id=self.society, revision=1, slug="test", name="試験学会", name_en="Test Society")
            )
        )

    def stop(self) -> None:
        self.sandbox.extensions["close"]()
        self.server.stop()
        self.thread.join(timeout=10)
        self.running.stop()

    # messages

    def hear(self, *messages: Message, society: str | None = None) -> None:
        """As if they came from the bus."""
        society = society or self.society
        inbox.receive(
            self.running,
            [
                Envelope(
                    id=new_id(),
                    type=message.type_name(),
                    source=f"/{message.publisher()}",
                    time=clock.now(),
                    society=society,
                    payload=encode(message),
                    correlation=new_id(),
                )
                for message in messages
            ],
        )

    def said(self, kind: type[Said]) -> list[Said]:
        """What payments said so far, of one kind."""
        with self.running.session(reading=True) as session:
            rows = session.scalars(
                sa.select(OutboxRow).where(OutboxRow.type == kind.type_name()).order_by(OutboxRow.id)
            )
            return [msgspec.json.decode(row.payload, type=kind) for row in rows]

    def person(
        self,
        name: str = "山田 太郎",
        kana: str = "ヤマダ タロウ",
        number: str | None = None,
        kind: str = "individual",
    ) -> str:
        person = Person(id=new_id(), revision=1, kind=kind, name=name, kana=kana, number=number)
        self.hear(PersonChanged(person=person))
        return person.id

    def invoice(
        self, payer_id: str, due: int = 10_000, *, methods: tuple[str, ...] = (), society: str | None = None
    ) -> Invoice:
        invoice = invoice_of(payer_id, due, methods=methods)
        self.hear(InvoiceCreated(invoice=invoice), society=society)
        return invoice

    # people

    def token(
        self, *roles: Role, person_id: str | None = None, society: str | None = None, account_id: str | None = None
    ) -> str:
        return token_of(
            self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
            *roles,
            society=society or self.society,
            person=person_id,
            account=account_id or person_id,
            name="会計 花子",
        )

    def as_member(self, person_id: str, **options: Any) -> Browser:
        return Browser(self.url, self.token(Role.MEMBER, person_id=person_id, **options))

    def as_staff(self, *roles: Role, **options: Any) -> Browser:
        return Browser(self.url, self.token(*(roles or (Role.ACCOUNTING,)), **options))

    # the database

    @contextmanager
    def look(self) -> Iterator[UnitOfWork]:
        with self.running.unit(self.society, reading=True) as uow:
            yield uow

    @contextmanager
    def unit(self) -> Iterator[UnitOfWork]:
        with self.running.unit(self.society) as uow:
            yield uow

    def rows(self, model: type[Row]) -> Sequence[Row]:
        table: Any = model
        with self.look() as uow:
            return uow.session.scalars(sa.select(model).order_by(table.id)).all()

    def attempt(self, invoice_id: str) -> AttemptRow:
        """The newest attempt for an invoice."""
        with self.look() as uow:
            statement = sa.select(AttemptRow).where(AttemptRow.invoice_id == invoice_id)
            return uow.session.scalars(
                statement.order_by(AttemptRow.created_at.desc(), AttemptRow.id.desc()).limit(1)
            ).one()

    def wait_for_state(self, invoice_id: str, state: str) -> AttemptRow:
        wait_until(lambda: self.attempt(invoice_id).state == state)
        return self.attempt(invoice_id)

    # the provider

    def event(self, attempt: AttemptRow, state: str, /, **changes: Any) -> dict[str, Any]:
        """A notice about an attempt's charge as the provider would write it."""
        moment = changes.pop("at", None) or clock.now()
        charge = {
            "id": attempt.reference,
            "key": attempt.id,
            "merchant": self.society,
            "amount": attempt.amount,
            "currency": "JPY",
            "state": state,
            "provisional": False,
            "failure": None,
            "paid_at": moment.isoformat() if state == "paid" else None,
            "as_of": moment.isoformat(),
        }
        return {"id": f"evt_{new_id()}", "type": f"charge.{state}", "charge": charge | changes}

    def notify(
        self, event: dict[str, Any] | bytes, *, society: str | None = None, **signature: Any
    ) -> requests.Response:
        """Send a notice to the real address, signed."""
        body = event if isinstance(event, bytes) else json.dumps(event).encode()
        headers = {"Sandbox-Signature": sign(body, **signature)}
        url = f"{self.url}/payments/hooks/sandbox/{society or self.society}"
        return requests.post(url, data=body, headers=headers, timeout=20)


class Browser:
    """Somebody who is logged in, following redirects as browsers do."""

    def __init__(self, url: str, token: str) -> None:
        self.url = url
        self.session = requests.Session()
        self.session.headers.update(
            {"Authorization": f"Bearer {token}", "Accept": "text/html", "Accept-Language": "en"}
        )

    def get(self, path: str, **options: Any) -> requests.Response:
        return self.session.get(self.url + path, timeout=20, **options)

    def post(self, path: str, data: dict[str, Any] | bytes | None = None, **options: Any) -> requests.Response:
        return self.session.post(self.url + path, data=data, timeout=20, **options)


def invoice_of(payer_id: str, due: int, *, methods: tuple[str, ...] = (), **changes: Any) -> Invoice:
    values: dict[str, Any] = {
        "id": new_id(),
        "revision": 1,
        "number": f"2026-{new_id()[-6:]}",
        "payer_id": payer_id,
        "kind": "annual",
        "title": "2026年度 年会費",
        "title_en": "Annual fee 2026",
        "total": due,
        "paid": 0,
        "due": due,
        "state": "unpaid",
        "issued_on": date(2026, 4, 1),
        "due_on": date(2026, 12, 31),
        "methods": methods,
    }
    return Invoice(**(values | changes))


def sign(body: bytes, *, secret: str = SECRET, at: float | None = None) -> str:
    time = int(at if at is not None else clock.now().timestamp())
    return f"t={time},v1={hmac.new(secret.encode(), f'{time}.'.encode() + body, hashlib.sha256).hexdigest()}"


def wait_until(condition: Callable[[], Any], seconds: float = 15) -> None:
    """Wait for what other threads do; fails when it does not happen."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "did not happen in time"
        time.sleep(0.02)


def links(page: str) -> list[str]:
    return re.findall(r'href="([^"]+)"', page)


def at(day: date, hour: int = 12) -> datetime:
    return datetime(day.year, day.month, day.day, hour, tzinfo=clock.TOKYO)
