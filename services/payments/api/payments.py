"""Payments and the books, for staff's programs."""

from __future__ import annotations

from typing import Any

from flask.views import MethodView
from flask_smorest import Blueprint

from services.payments import ledger, offline, payments
from services.payments.api.schemas import (
    EntrySchema,
    JournalQuery,
    OfflinePaymentSchema,
    PaymentQuery,
    PaymentSchema,
    ReversalSchema,
    TrialBalanceSchema,
)
from services.payments.models import PaymentRow
from services.payments.offline import Part
from services.payments.payments import PaymentSearch
from services.payments.roles import PAYMENTS_CHANGE, PAYMENTS_SEE
from shared.web.access import allow, reading, unit

blp = Blueprint("payments_api", __name__, url_prefix="/payments/api", description="Payments and the books")


@blp.route("/payments")
class Payments(MethodView):
    @allow(*PAYMENTS_SEE)
    @blp.arguments(PaymentQuery, location="query")
    @blp.response(200, PaymentSchema(many=True))
    def get(self, query: dict[str, Any]) -> Any:
        """Newest first."""
        limit, offset = query.pop("limit"), query.pop("offset")
        query["invoice_id"] = str(query["invoice_id"]) if query["invoice_id"] else None
        with reading() as uow:
            return payments.find_payments(uow, PaymentSearch(**query), limit=limit, offset=offset)

    @allow(*PAYMENTS_CHANGE)
    @blp.arguments(OfflinePaymentSchema)
    @blp.response(201, PaymentSchema(many=True))
    def post(self, given: dict[str, Any]) -> Any:
        """Record money that came in outside the system; one payment per part."""
        parts = [
            Part(part["amount"], _text(part["invoice_id"]), _text(part["payer_id"])) for part in given.pop("parts")
        ]
        with unit() as uow:
            made = offline.record_offline(uow, parts=parts, **{**given, "entry_key": str(given["entry_key"])})
            uow.session.flush()
            for payment in made:
                uow.session.refresh(payment)
            return made


@blp.route("/payments/<uuid:payment_id>")
class Payment(MethodView):
    @allow(*PAYMENTS_SEE)
    @blp.response(200, PaymentSchema)
    def get(self, payment_id: Any) -> Any:
        with reading() as uow:
            return uow.get(PaymentRow, str(payment_id))


@blp.route("/payments/<uuid:payment_id>/reversal")
class Reversal(MethodView):
    @allow(*PAYMENTS_CHANGE)
    @blp.arguments(ReversalSchema)
    @blp.response(201, PaymentSchema)
    def post(self, given: dict[str, Any], payment_id: Any) -> Any:
        """Take a payment back in the books."""
        with unit() as uow:
            return payments.reverse_payment(uow, str(payment_id), given["memo"])


@blp.route("/ledger/trial-balance")
class TrialBalance(MethodView):
    @allow(*PAYMENTS_SEE)
    @blp.response(200, TrialBalanceSchema)
    def get(self) -> Any:
        with reading() as uow:
            balances = ledger.trial_balance(uow)
        return {"balances": balances, "total": sum(balance.balance for balance in balances)}


@blp.route("/ledger/journal")
class Journal(MethodView):
    @allow(*PAYMENTS_SEE)
    @blp.arguments(JournalQuery, location="query")
    @blp.response(200, EntrySchema(many=True))
    def get(self, query: dict[str, Any]) -> Any:
        """The entries of some days, in the order of booking."""
        with reading() as uow:
            return ledger.journal(uow, query["since"], query["until"], limit=query["limit"], offset=query["offset"])


def _text(id: Any) -> str | None:
    return str(id) if id else None
