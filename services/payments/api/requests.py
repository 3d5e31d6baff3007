"""What somebody has to pay, and paying it, for members' programs."""

from __future__ import annotations

from typing import Any

from flask.views import MethodView
from flask_smorest import Blueprint

from services.payments import attempts, requests
from services.payments.api.schemas import AttemptSchema, RequestSchema, StartSchema
from services.payments.asking import submit, void
from services.payments.models import AttemptRow
from services.payments.providers import provider_of, settings_of
from services.payments.roles import PAY
from shared.errors import NotFound
from shared.web.access import allow, principal, reading, running_service, unit
from shared.web.i18n import language

blp = Blueprint("requests_api", __name__, url_prefix="/payments/api", description="My requests to pay")


@blp.route("/my/requests/<uuid:invoice_id>")
class MyRequest(MethodView):
    @allow(*PAY)
    @blp.response(200, RequestSchema)
    def get(self, invoice_id: Any) -> Any:
        """What is due on one of my invoices, and how far its payment is."""
        with reading() as uow:
            found = requests.request_for(uow, str(invoice_id), payer_id=_person())
            tried = attempts.attempts_of(uow, found.invoice_id)
            names = ("invoice_id", "invoice_number", "title", "title_en", "due", "due_on", "state")
            return {**{name: getattr(found, name) for name in names}, "attempts": tried}


@blp.route("/my/requests/<uuid:invoice_id>/attempts")
class MyAttempts(MethodView):
    @allow(*PAY)
    @blp.arguments(StartSchema)
    @blp.response(201, AttemptSchema)
    def post(self, given: dict[str, Any], invoice_id: Any) -> Any:
        """Choose a method. A card is entered on the provider's page (`redirect_url`)."""
        running, who = running_service(), principal()
        provider_of(running)
        with unit() as uow:
            attempt = attempts.start_attempt(
                uow,
                str(invoice_id),
                payer_id=_person(),
                account_id=who.account_id,
                settings=settings_of(running),
                language=language(),
                **given,
            )
        submit(running, str(who.society_id), attempt.id)
        with reading() as uow:
            return uow.get(AttemptRow, attempt.id)

    @allow(*PAY)
    @blp.response(200, AttemptSchema)
    def delete(self, invoice_id: Any) -> Any:
        """Give up the method that was chosen."""
        with unit() as uow:
            attempt = attempts.cancel_attempt(uow, str(invoice_id), payer_id=_person())
        void(running_service(), str(principal().society_id), attempt.id)
        with reading() as uow:
            return uow.get(AttemptRow, attempt.id)


def _person() -> str:
    person_id = principal().person_id
    if person_id is None:
        raise NotFound
    return person_id
