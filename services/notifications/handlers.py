"""Messages in: which fact causes which letter."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from services.notifications.audience import members_with_address
from services.notifications.erasure import forget_letters_of
from services.notifications.letters import Draft, queue_letter, queue_letters
from services.notifications.notes import note
from shared.local_copies import PEOPLE, SOCIETIES_AND_SESSIONS
from shared.messages.billing import (
    CreditChanged,
    InvoiceCancelled,
    InvoiceChanged,
    InvoiceCreated,
    InvoicePaid,
    ReceiptIssued,
)
from shared.messages.events import EventPublished, Registration, RegistrationCancelled, RegistrationConfirmed
from shared.messages.members import (
    AnnouncementPublished,
    ApplicationReceived,
    ApplicationStarted,
    EmailChanged,
    EmailChangeStarted,
    MemberAdmitted,
    PasswordResetStarted,
    PersonErased,
    RequestDecided,
    RequestMade,
)
from shared.messages.payments import DepositUnidentified, InstructionsIssued, RequestExpired
from shared.people import forget_people
from shared.service import InBulk, Subscriptions
from shared.uow import UnitOfWork


def write_password_letter(uow: UnitOfWork, message: PasswordResetStarted) -> None:
    kind = "password-welcome" if message.welcome else "password-reset"
    cause = f"{message.account_id}/{message.expires_at.isoformat()}"
    about = {"link": message.link, "expires_at": message.expires_at, "staff": message.staff}
    queue_letter(uow, Draft(kind=kind, cause=cause, person_id=message.person_id, about=about))


def write_application_letter(uow: UnitOfWork, message: ApplicationStarted) -> None:
    """To an address that nobody has yet; or to one that somebody has: what to do instead."""
    to = {"email": message.email, "language": message.language}
    about = {"to": to, "link": message.link, "expires_at": message.expires_at, "known": message.known}
    kind = "application-known" if message.known else "application-link"
    queue_letter(uow, Draft(kind=kind, cause=message.application_id, about=about))


def write_email_change_letter(uow: UnitOfWork, message: EmailChangeStarted) -> None:
    """To the new address, whose owner may be anybody: no word in it is of whoever asked."""
    name = "Sir or Madam" if message.language == "en" else "ご利用者"
    to = {"email": message.email, "language": message.language, "name": name}
    about = {"to": to, "link": message.link, "expires_at": message.expires_at}
    kind = "email-known" if message.known else "email-link"
    queue_letter(uow, Draft(kind=kind, cause=message.change_id, about=about))


def warn_old_address(uow: UnitOfWork, message: EmailChanged) -> None:
    to = {"email": message.before, "language": message.language, "name": message.name}
    about = {"to": to, "changed_at": message.changed_at}
    queue_letter(uow, Draft(kind="email-changed", cause=message.change_id, about=about))


def write_request_letter(uow: UnitOfWork, message: RequestMade) -> None:
    """To the office: somebody waits for its decision."""
    about = {"request": message.request, "made_at": message.made_at}
    queue_letter(uow, Draft(kind="request-arrived", cause=message.request_id, about=about))


def write_decision_letter(uow: UnitOfWork, message: RequestDecided) -> None:
    about = {"request": message.request, "accepted": message.accepted, "answer": message.answer, "day": message.day}
    draft = Draft(kind="request-decided", cause=message.request_id, person_id=message.person_id, about=about)
    queue_letter(uow, draft)


def write_announcement_letters(uow: UnitOfWork, message: AnnouncementPublished) -> None:
    """To all whom it is for, as far as they are known here."""
    about = {"announcement_id": message.announcement_id, "title": message.title, "title_en": message.title_en}
    for ids in members_with_address(uow, message.categories, message.standings):
        queue_letters(
            uow,
            (
                Draft(
                    kind="announcement-published", cause=message.announcement_id, person_id=id, about=about, bulk=True
                )
                for id in ids
            ),
        )


def write_received_letters(uow: UnitOfWork, message: ApplicationReceived) -> None:
    """To the applicant, and to the office unless it has applied for them itself."""
    about = {"received_at": message.received_at, "proxy": message.proxy}
    drafts = [Draft(kind="application-received", cause=message.person_id, person_id=message.person_id, about=about)]
    if not message.proxy:
        drafts.append(Draft(kind="application-arrived", cause=message.person_id, about=about))
    queue_letters(uow, drafts)


def write_admission_letter(uow: UnitOfWork, message: MemberAdmitted) -> None:
    cause = f"{message.person_id}/{message.joined_on.isoformat()}"
    about = {"joined_on": message.joined_on}
    queue_letter(uow, Draft(kind="member-admitted", cause=cause, person_id=message.person_id, about=about))


def write_invoice_letters(uow: UnitOfWork, messages: Sequence[InvoiceCreated]) -> None:
    """No letter where nothing is to be paid. Letters of a run wait behind those that somebody waits for."""
    queue_letters(
        uow,
        (
            Draft(
                kind="invoice-created",
                cause=invoice.id,
                person_id=invoice.payer_id,
                invoice_id=invoice.id,
                about={"invoice": msgspec.structs.asdict(invoice)},
                bulk=invoice.run_id is not None,
            )
            for invoice in (message.invoice for message in messages)
            if invoice.due > 0
        ),
    )


def note_invoice_changes(uow: UnitOfWork, messages: Sequence[InvoiceChanged | InvoiceCancelled | InvoicePaid]) -> None:
    note(uow, (msgspec.to_builtins(msgspec.structs.asdict(message.invoice)) for message in messages))


def note_events(uow: UnitOfWork, messages: Sequence[EventPublished]) -> None:
    note(uow, (msgspec.to_builtins(msgspec.structs.asdict(message.event)) for message in messages))


def write_instructions_letter(uow: UnitOfWork, message: InstructionsIssued) -> None:
    """Card payments are made at once on the provider's page: they need no letter."""
    given = message.instructions
    kind = {"konbini": "instructions-konbini", "bank_transfer": "instructions-bank"}.get(given.method)
    if kind is None:
        return
    number = given.konbini_number or given.account_number
    cause = f"{message.request_id}/{number}/{given.amount}/{given.pay_until.isoformat()}"
    about = {"instructions": msgspec.structs.asdict(given)}
    queue_letter(
        uow, Draft(kind=kind, cause=cause, person_id=message.payer_id, invoice_id=message.invoice_id, about=about)
    )


def write_expiry_letter(uow: UnitOfWork, message: RequestExpired) -> None:
    cause = f"{message.request_id}/{message.expired_at.isoformat()}"
    queue_letter(
        uow, Draft(kind="request-expired", cause=cause, person_id=message.payer_id, invoice_id=message.invoice_id)
    )


def write_receipt_letter(uow: UnitOfWork, message: ReceiptIssued) -> None:
    about = msgspec.structs.asdict(message)
    queue_letter(uow, Draft(kind="receipt-issued", cause=message.receipt_id, person_id=message.payer_id, about=about))


def write_credit_letter(uow: UnitOfWork, message: CreditChanged) -> None:
    """Money that was paid too much is told to its owner; a credit that was used up is no news."""
    if message.balance <= 0:
        return
    cause = f"{message.payer_id}/{message.revision}"
    about = {"balance": message.balance}
    queue_letter(uow, Draft(kind="credit-changed", cause=cause, person_id=message.payer_id, about=about))


def write_confirmation_letter(uow: UnitOfWork, message: RegistrationConfirmed) -> None:
    _about_registration(uow, "registration-confirmed", message.registration)


def write_cancellation_letter(uow: UnitOfWork, message: RegistrationCancelled) -> None:
    _about_registration(uow, "registration-cancelled", message.registration)


def write_deposit_letter(uow: UnitOfWork, message: DepositUnidentified) -> None:
    about = msgspec.structs.asdict(message)
    queue_letter(uow, Draft(kind="deposit-unidentified", cause=message.deposit_id, about=about))


def forget_recipients(uow: UnitOfWork, messages: Sequence[PersonErased]) -> None:
    forget_letters_of(uow, [message.person_id for message in messages])
    forget_people(uow, messages)


def _about_registration(uow: UnitOfWork, kind: str, registration: Registration) -> None:
    about: dict[str, Any] = {
        "event_id": registration.event_id,
        "title": registration.event_title,
        "title_en": registration.event_title_en,
        "fee": registration.fee,
    }
    queue_letter(uow, Draft(kind=kind, cause=registration.id, person_id=registration.person_id, about=about))


SUBSCRIPTIONS: Subscriptions = {
    **SOCIETIES_AND_SESSIONS,
    **PEOPLE,
    PersonErased: InBulk(forget_recipients),
    PasswordResetStarted: write_password_letter,
    ApplicationStarted: write_application_letter,
    EmailChangeStarted: write_email_change_letter,
    EmailChanged: warn_old_address,
    RequestMade: write_request_letter,
    RequestDecided: write_decision_letter,
    AnnouncementPublished: write_announcement_letters,
    ApplicationReceived: write_received_letters,
    MemberAdmitted: write_admission_letter,
    InvoiceCreated: InBulk(write_invoice_letters),
    InvoiceChanged: InBulk(note_invoice_changes),
    InvoiceCancelled: InBulk(note_invoice_changes),
    InvoicePaid: InBulk(note_invoice_changes),
    InstructionsIssued: write_instructions_letter,
    RequestExpired: write_expiry_letter,
    ReceiptIssued: write_receipt_letter,
    CreditChanged: write_credit_letter,
    EventPublished: InBulk(note_events),
    RegistrationConfirmed: write_confirmation_letter,
    RegistrationCancelled: write_cancellation_letter,
    DepositUnidentified: write_deposit_letter,
}
