"""What stands around a provider: a store's counter, a bank, and a table of all charges with their notices."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import sqlalchemy as sa
from flask import Blueprint, Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from services.payments.sandbox import bank, charges
from services.payments.sandbox.api import sandbox
from services.payments.sandbox.store import ChargeRow, DeliveryRow, EventRow, Merchant, TransferRow
from shared import clock

counter_pages = Blueprint("counter", __name__, url_prefix="/sandbox")


@counter_pages.get("/")
def overview() -> ResponseReturnValue:
    """All charges, newest first, with what was told about them and the means to tell it wrongly."""
    with sandbox().store.session() as session:
        rows = session.scalars(sa.select(ChargeRow).order_by(ChargeRow.created_at.desc()).limit(50)).all()
        ids = [row.id for row in rows]
        events: dict[str, list[tuple[EventRow, list[DeliveryRow]]]] = {id: [] for id in ids}
        for event in session.scalars(
            sa.select(EventRow).where(EventRow.charge_id.in_(ids)).order_by(EventRow.created_at)
        ):
            sent = session.scalars(
                sa.select(DeliveryRow).where(DeliveryRow.event_id == event.id).order_by(DeliveryRow.id)
            ).all()
            events[event.charge_id].append((event, list(sent)))
    return render_template("sandbox/overview.html", charges=rows, events=events)


@counter_pages.post("/events/<event_id>/send")
def send_again(event_id: str) -> ResponseReturnValue:
    """One more sending of an event: now, twice at once, in a minute, forged, or with a stale signature."""
    manner = request.form.get("manner", "again")
    with sandbox().store.session() as session:
        event = session.get(EventRow, event_id)
        if event is not None:
            charge = charges.get(session, event.charge_id)
            after = timedelta(seconds=60 if manner == "late" else 0)
            for _time in range(2 if manner == "twice" else 1):
                charges.send(
                    session, event, charge, after=after, manner=manner if manner in ("forged", "stale") else "signed"
                )
    sandbox().sender.wake()
    return redirect(url_for("counter.overview"), 303)


@counter_pages.get("/store")
def store() -> ResponseReturnValue:
    """The till: a number is typed, the amount appears."""
    number = "".join(c for c in request.args.get("number", "") if c.isdigit())
    confirmation = "".join(c for c in request.args.get("confirmation", "") if c.isdigit())
    charge, fault = None, None
    if number:
        with sandbox().store.session() as session:
            charge = _slip(session, number)
        if charge is None:
            fault = _("There is no slip with this number.")
        elif charge.confirmation and charge.confirmation != confirmation:
            charge, fault = None, _("The confirmation number does not belong to this number.")
    return render_template("sandbox/store.html", number=number, confirmation=confirmation, charge=charge, fault=fault)


@counter_pages.post("/store/<charge_id>")
def at_the_till(charge_id: str) -> ResponseReturnValue:
    """Pay, scan only, or walk away after the scan."""
    action = request.form.get("action", "")
    fault = None
    with sandbox().store.session() as session:
        try:
            charge = charges.get(session, charge_id)
            if action == "withdraw":
                charges.withdraw_scan(session, charge)
            else:
                though_over = request.form.get("though_over") == "1"
                charges.pay_charge(session, charge, though_over=though_over, final=action != "scan")
        except charges.Refused:
            fault = _("This is not possible any more.")
    sandbox().sender.wake()
    if fault:
        return render_template("sandbox/store.html", number="", confirmation="", charge=None, fault=fault), 409
    return render_template(
        "sandbox/store.html", number=charge.number, confirmation=charge.confirmation, charge=charge, fault=None
    )


@counter_pages.get("/bank")
def show_bank() -> ResponseReturnValue:
    return _bank_page({}, None)


@counter_pages.post("/bank")
def transfer_in() -> ResponseReturnValue:
    """Somebody transfers money."""
    form = {name: value.strip() for name, value in request.form.items()}
    try:
        with sandbox().store.session() as session:
            bank.transfer(session, form)
    except bank.NotPossible as error:
        return _bank_page(form, _(error.text)), 422
    return redirect(url_for("counter.show_bank"), 303)


@counter_pages.post("/bank/<int:transfer_id>/take-back")
def take_back(transfer_id: int) -> ResponseReturnValue:
    """The sending bank takes a transfer back: a line with 取消区分 1."""
    with sandbox().store.session() as session:
        bank.take_back(session, transfer_id)
    return redirect(url_for("counter.show_bank"), 303)


@counter_pages.get("/bank/statement")
def statement() -> ResponseReturnValue:
    """The 振込入金通知 of one merchant and day, as the bank would send it."""
    try:
        day = date.fromisoformat(request.args.get("day", ""))
    except ValueError:
        day = clock.today()
    with sandbox().store.session() as session:
        content = bank.statement(session, request.args.get("merchant", ""), day)
    name = f"nyukin-{day:%Y%m%d}.txt"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(content, mimetype="application/octet-stream", headers=headers)


def _bank_page(values: dict[str, Any], fault: str | None) -> str:
    number = request.args.get("number", "")
    with sandbox().store.session() as session:
        merchants = session.scalars(sa.select(Merchant).order_by(Merchant.account_number)).all()
        lines = session.scalars(sa.select(TransferRow).order_by(TransferRow.id.desc()).limit(50)).all()
        waiting = sa.select(ChargeRow).where(ChargeRow.method == "bank_transfer", ChargeRow.state == "waiting")
        accounts = session.scalars(waiting.order_by(ChargeRow.created_at.desc()).limit(20)).all()
    return render_template(
        "sandbox/bank.html",
        merchants=merchants,
        names={m.id: m.name for m in merchants},
        lines=lines,
        accounts=accounts,
        today=clock.today(),
        values={"number": number, **values},
        fault=fault,
        bank=charges.BANK,
    )


def _slip(session: Session, number: str) -> ChargeRow | None:
    return session.scalars(
        sa.select(ChargeRow).where(ChargeRow.method == "konbini", ChargeRow.number == number)
    ).first()
