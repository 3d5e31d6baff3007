"""Facts as the other services say them, and how they arrive."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

import msgspec
import sqlalchemy as sa

from shared import clock
from shared.bus import inbox
from shared.bus.inbox import InboxRow
from shared.ids import new_id
from shared.messages import CONTRACTS, Envelope, Message, encode
from shared.messages.billing import Invoice, InvoiceCreated, ReceiptIssued
from shared.messages.events import Registration
from shared.messages.members import (
    AnnouncementPublished,
    ApplicationStarted,
    EmailChanged,
    EmailChangeStarted,
    PasswordResetStarted,
    Person,
    PersonChanged,
    Society,
    SocietyChanged,
)
from shared.messages.payments import Instructions, InstructionsIssued
from shared.outbox import OutboxRow
from shared.service import RunningService

SOCIETY = "019f1111-1111-7111-8111-111111111111"
OTHER = "019f2222-2222-7222-8222-222222222222"


def society_changed(id: str = SOCIETY, **changes: Any) -> SocietyChanged:
    given = {
        "id": id,
        "revision": 1,
        "slug": f"s{id[4:8]}",
        "name": "日本集い学会" if id == SOCIETY else "別の学会",
        "name_en": "Tsudoi Society of Japan",
        "email": "office@gakkai.example.org",
        "address": "東京都文京区本郷1-1-1",
        "phone": "03-0000-0000",
    }
    return SocietyChanged(society=Society(**{**given, **changes}))


def person(**changes: Any) -> Person:
    given = {
        "id": new_id(),
        "revision": 1,
        "kind": "individual",
        "name": "髙橋 花子",
        "roman": "Hanako Takahashi",
        "email": "hanako@example.org",
        "number": "A-0001",
    }
    return Person(**{**given, **changes})


def invoice(payer: str, **changes: Any) -> Invoice:
    given: dict[str, Any] = {
        "id": new_id(),
        "revision": 1,
        "number": "2026-000001",
        "payer_id": payer,
        "kind": "annual",
        "title": "2026年度年会費",
        "title_en": "Annual dues 2026",
        "total": 10_000,
        "paid": 0,
        "due": 10_000,
        "state": "unpaid",
        "issued_on": date(2026, 4, 1),
        "due_on": date(2026, 6, 30),
    }
    return Invoice(**{**given, **changes})


def changed(known: Invoice, **changes: Any) -> Invoice:
    """The next revision of an invoice."""
    return msgspec.structs.replace(known, revision=known.revision + 1, **changes)


def konbini(bill: Invoice, **changes: Any) -> InstructionsIssued:
    given: dict[str, Any] = {
        "method": "konbini",
        "amount": bill.due,
        "pay_until": datetime(2026, 7, 1, 14, 59, tzinfo=UTC),
        "chain": "lawson",
        "konbini_number": "123456",
        "confirmation_number": "4242",
    }
    return InstructionsIssued(
        request_id=new_id(),
        invoice_id=bill.id,
        payer_id=bill.payer_id,
        instructions=Instructions(**{**given, **changes}),
    )


def bank(bill: Invoice) -> InstructionsIssued:
    return InstructionsIssued(
        request_id=new_id(),
        invoice_id=bill.id,
        payer_id=bill.payer_id,
        instructions=Instructions(
            method="bank_transfer",
            amount=bill.due,
            pay_until=datetime(2026, 7, 1, 14, 59, tzinfo=UTC),
            bank_name="みずほ銀行",
            branch_name="集い支店",
            account_type="1",
            account_number="7654321",
            account_holder="ニホンツドイガッカイ",
        ),
    )


def receipt(payer: str) -> ReceiptIssued:
    return ReceiptIssued(
        receipt_id=new_id(),
        number="R-000001",
        invoice_id=new_id(),
        payer_id=payer,
        amount=10_000,
        issued_on=date(2026, 5, 1),
        title="2026年度年会費",
        title_en="Annual dues 2026",
    )


def password_link(person_id: str, *, welcome: bool = False) -> PasswordResetStarted:
    return PasswordResetStarted(
        person_id=person_id,
        account_id=new_id(),
        link=f"https://tsudoi.example.org/members/password/{new_id()}",
        expires_at=datetime(2026, 11, 22, 3, 0, tzinfo=UTC),
        welcome=welcome,
    )


def application(**changes: Any) -> ApplicationStarted:
    given: dict[str, Any] = {
        "application_id": new_id(),
        "email": "shinsei@example.org",
        "language": "ja",
        "link": "" if changes.get("known") else f"https://tsudoi.example.org/members/apply/{new_id()}",
        "expires_at": datetime(2026, 11, 22, 3, 0, tzinfo=UTC),
    }
    return ApplicationStarted(**{**given, **changes})


def new_email(**changes: Any) -> EmailChangeStarted:
    given: dict[str, Any] = {
        "change_id": new_id(),
        "person_id": new_id(),
        "email": "new@example.org",
        "language": "ja",
        "link": "" if changes.get("known") else f"https://tsudoi.example.org/members/my/email/{new_id()}",
        "expires_at": datetime(2026, 11, 22, 3, 0, tzinfo=UTC),
    }
    return EmailChangeStarted(**{**given, **changes})


def email_changed(language: str = "ja", person_id: str = "") -> EmailChanged:
    return EmailChanged(
        change_id=new_id(),
        person_id=person_id or new_id(),
        name="髙橋 花子" if language == "ja" else "Hanako Takahashi",
        before="hanako@example.org",
        language=language,
        changed_at=datetime(2026, 11, 21, 3, 0, tzinfo=UTC),
    )


def announcement(**changes: Any) -> AnnouncementPublished:
    given: dict[str, Any] = {
        "announcement_id": new_id(),
        "title": "総会のご案内",
        "title_en": "General meeting",
        "categories": (),
        "standings": ("active", "on_leave", "leaving"),
        "published_at": datetime(2026, 11, 22, 0, 0, tzinfo=UTC),
    }
    return AnnouncementPublished(**{**given, **changes})


def registration(person_id: str, **changes: Any) -> Registration:
    given: dict[str, Any] = {
        "id": new_id(),
        "revision": 1,
        "event_id": new_id(),
        "event_title": "年次大会2026",
        "event_title_en": "Annual Meeting 2026",
        "person_id": person_id,
        "state": "confirmed",
        "fee": 5_000,
        "tax_class": "standard",
    }
    return Registration(**{**given, **changes})


def tell(running: RunningService, *messages: Message, society: str = SOCIETY, bulk: bool = False) -> list[Envelope]:
    """Let messages arrive as one batch; each must be handled at once."""
    envelopes = [
        Envelope(
            id=new_id(),
            type=message.type_name(),
            source=f"/{message.publisher()}",
            time=clock.now(),
            society=society,
            payload=encode(message),
            correlation=new_id(),
            bulk=bulk,
        )
        for message in messages
    ]
    inbox.receive(running, envelopes)
    with running.session(reading=True) as session:
        failed = session.scalars(sa.select(InboxRow).where(InboxRow.state != "handled")).all()
    assert not failed, [row.error for row in failed]
    return envelopes


def tell_person(running: RunningService, society: str = SOCIETY, **changes: Any) -> Person:
    made = person(**changes)
    tell(running, PersonChanged(person=made), society=society)
    return made


def tell_invoice(running: RunningService, payer: str, society: str = SOCIETY, **changes: Any) -> Invoice:
    made = invoice(payer, **changes)
    tell(running, InvoiceCreated(invoice=made), society=society)
    return made


def said(running: RunningService) -> Sequence[Message]:
    """What the service put into its outbox."""
    with running.session(reading=True) as session:
        rows = session.scalars(sa.select(OutboxRow).order_by(OutboxRow.id)).all()
        return [msgspec.json.decode(row.payload, type=CONTRACTS[row.type]) for row in rows]
