"""Messages in: each function says its effect, the table at the foot says the cause."""

from __future__ import annotations

from collections.abc import Sequence

from services.billing import allocation, invoices
from services.billing.erasure import freeze_documents_of
from shared.errors import NotYet
from shared.local_copies import PEOPLE, SOCIETIES_AND_SESSIONS
from shared.messages.events import RegistrationCancelled, RegistrationPlaced
from shared.messages.members import PersonErased
from shared.messages.payments import PaymentReceived, PaymentReversed
from shared.people import forget_people
from shared.service import InBulk, Subscriptions
from shared.uow import UnitOfWork


def apply_payment(uow: UnitOfWork, message: PaymentReceived) -> None:
    payment = message.payment
    allocation.receive_payment(
        uow,
        payment.id,
        amount=payment.amount,
        method=payment.method,
        received_on=payment.received_on,
        received_at=payment.received_at,
        invoice_id=payment.invoice_id,
        payer_id=payment.payer_id,
        provider_number=payment.provider_number,
    )


def release_payment(uow: UnitOfWork, message: PaymentReversed) -> None:
    allocation.reverse_payment(uow, message.payment.id, reason=message.reason)


def invoice_registration(uow: UnitOfWork, message: RegistrationPlaced) -> None:
    placed = message.registration
    invoices.issue_for_registration(
        uow,
        registration_id=placed.id,
        payer_id=placed.person_id,
        title=placed.event_title,
        title_en=placed.event_title_en,
        fee=placed.fee,
        tax_class=placed.tax_class,
        due_on=placed.pay_until,
        methods=placed.methods,
    )


def cancel_registration_invoice(uow: UnitOfWork, message: RegistrationCancelled) -> None:
    """Waits for the news that the registration was placed, which may be late."""
    if message.registration.fee and invoices.of_registration(uow, message.registration.id) is None:
        raise NotYet
    invoices.cancel_for_registration(uow, message.registration.id)


def forget_payers(uow: UnitOfWork, messages: Sequence[PersonErased]) -> None:
    """What was issued to them keeps their names, as the law asks; their copies do not."""
    freeze_documents_of(uow, [message.person_id for message in messages])
    forget_people(uow, messages)


SUBSCRIPTIONS: Subscriptions = {
    **SOCIETIES_AND_SESSIONS,
    **PEOPLE,
    PersonErased: InBulk(forget_payers),
    PaymentReceived: apply_payment,
    PaymentReversed: release_payment,
    RegistrationPlaced: invoice_registration,
    RegistrationCancelled: cancel_registration_invoice,
}
