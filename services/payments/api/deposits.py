"""Bank files and deposits, for staff's programs."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask import request
from flask.views import MethodView
from flask_smorest import Blueprint

from services.payments import bank_files, deposits
from services.payments.api.schemas import (
    AssignmentSchema,
    BankFileQuery,
    BankFileSchema,
    DepositQuery,
    DepositSchema,
    PaymentSchema,
)
from services.payments.models import DepositRow
from services.payments.roles import PAYMENTS_CHANGE, PAYMENTS_SEE
from shared.web.access import allow, reading, unit

blp = Blueprint("deposits_api", __name__, url_prefix="/payments/api", description="Bank files and deposits")


@blp.route("/bank-files")
class BankFiles(MethodView):
    @allow(*PAYMENTS_SEE)
    @blp.response(200, BankFileSchema(many=True))
    def get(self) -> Any:
        """Newest first."""
        with reading() as uow:
            return bank_files.list_files(uow)

    @allow(*PAYMENTS_CHANGE)
    @blp.arguments(BankFileQuery, location="query")
    @blp.response(201, BankFileSchema)
    @blp.doc(requestBody={"required": True, "content": {"application/octet-stream": {}}})
    def post(self, query: dict[str, Any]) -> Any:
        """Read a file (the body, as the bank sent it); nothing is booked before it is imported."""
        content = request.stream.read(bank_files.MEGABYTES * 1024 * 1024 + 1)
        with unit() as uow:
            return bank_files.preview_file(uow, query["name"], content)


@blp.route("/bank-files/<uuid:file_id>/import")
class BankFileImport(MethodView):
    @allow(*PAYMENTS_CHANGE)
    @blp.response(201, BankFileSchema)
    def post(self, file_id: Any) -> Any:
        """Bring the new lines of a file into the books."""
        with unit() as uow:
            return bank_files.import_file(uow, str(file_id))


@blp.route("/deposits")
class Deposits(MethodView):
    @allow(*PAYMENTS_SEE)
    @blp.arguments(DepositQuery, location="query")
    @blp.response(200, DepositSchema(many=True))
    def get(self, query: dict[str, Any]) -> Any:
        """Oldest first."""
        statement = sa.select(DepositRow).where(DepositRow.state == query["state"])
        ordered = statement.order_by(DepositRow.booked_on, DepositRow.id)
        with reading() as uow:
            return uow.session.scalars(ordered.limit(query["limit"]).offset(query["offset"])).all()


@blp.route("/deposits/<uuid:deposit_id>/assignment")
class Assignment(MethodView):
    @allow(*PAYMENTS_CHANGE)
    @blp.arguments(AssignmentSchema)
    @blp.response(201, PaymentSchema)
    def post(self, given: dict[str, Any], deposit_id: Any) -> Any:
        """Say whose it is: an invoice's, or a payer's credit."""
        invoice_id, payer_id = (str(given[name]) if given[name] else None for name in ("invoice_id", "payer_id"))
        with unit() as uow:
            payment = deposits.assign_deposit(uow, str(deposit_id), invoice_id=invoice_id, payer_id=payer_id)
            uow.session.flush()
            uow.session.refresh(payment)
            return payment
