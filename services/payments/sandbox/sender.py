"""Sends what the sandbox owes its merchants: signed, again and again with growing pauses, also after a restart."""

from __future__ import annotations

import hashlib
import hmac
import threading
from datetime import timedelta

import requests
import sqlalchemy as sa
import structlog

from services.payments.sandbox import charges
from services.payments.sandbox.store import DeliveryRow, EventRow, Store
from shared import clock

log = structlog.get_logger()

PAUSES = (1, 2, 5, 10, 30, 60, 300, 900, 3600)  # seconds; then every hour for three days
GIVE_UP = timedelta(days=3)
STALE = 600  # seconds
IDLE = 1.0


class Sender:
    """One thread of its own."""

    def __init__(self, store: Store, secret: str) -> None:
        self._store = store
        self._secret = secret.encode()
        self._wake = threading.Event()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="sandbox-sender", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def wake(self) -> None:
        """There is something new to send."""
        self._wake.set()

    def stop(self) -> None:
        self._stopping = True
        self._wake.set()
        self._thread.join(timeout=15)

    def _run(self) -> None:
        while not self._stopping:
            self._wake.clear()
            try:
                pause = self._send_due()
            except sa.exc.SQLAlchemyError:
                log.exception("sandbox: its own file does not answer")
                pause = IDLE
            self._wake.wait(pause)

    def _send_due(self) -> float:
        """Send everything that is due. Returns for how many seconds nothing else will be."""
        with self._store.session() as session:
            charges.expire_charges(session)
            due = sa.select(DeliveryRow.id).where(DeliveryRow.state == "open", DeliveryRow.next_try_at <= clock.now())
            ids = session.scalars(due.order_by(DeliveryRow.next_try_at, DeliveryRow.id).limit(50)).all()
        for id in ids:
            if self._stopping:
                return 0
            self._send(id)
        if ids:
            return 0
        with self._store.session() as session:
            soonest = session.scalar(sa.select(sa.func.min(DeliveryRow.next_try_at)).where(DeliveryRow.state == "open"))
        return min(IDLE, max(0.01, (soonest - clock.now()).total_seconds())) if soonest else IDLE

    def _send(self, id: int) -> None:
        with self._store.session() as session:
            delivery = session.get_one(DeliveryRow, id)
            body = session.get_one(EventRow, delivery.event_id).body.encode()
        headers = {"Content-Type": "application/json", "Sandbox-Signature": self._sign(delivery.manner, body)}
        try:
            answer = requests.post(delivery.url, data=body, headers=headers, timeout=(2, 8), allow_redirects=False)
            status: int | None = answer.status_code
        except requests.RequestException:
            status = None
        with self._store.session() as session:
            row = session.get_one(DeliveryRow, id)
            row.tries += 1
            row.status = status
            if status is not None and 200 <= status < 300:
                row.state = "done"
            elif row.manner != "signed" or clock.now() - row.created_at > GIVE_UP:
                row.state = "given_up"
            else:
                row.next_try_at = clock.now() + timedelta(seconds=PAUSES[min(row.tries, len(PAUSES)) - 1])

    def _sign(self, manner: str, body: bytes) -> str:
        time = int(clock.now().timestamp()) - (STALE if manner == "stale" else 0)
        secret = b"somebody else's secret" if manner == "forged" else self._secret
        signature = hmac.new(secret, f"{time}.".encode() + body, hashlib.sha256).hexdigest()
        return f"t={time},v1={signature}"
