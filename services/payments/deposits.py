"""Deposits 入金: matched by dedicated account number, never by name; what is left waits in the unidentified queue
不明入金 until staff assign it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from services.payments import ledger
from services.payments.errors import DepositNotWaiting, PayerUnknown, ReversedByBankOnly
from services.payments.models import AccountRow, AttemptRow, DepositRow, PaymentRow, RequestRow, ReversalRow
from services.payments.outcomes import lock_attempt
from services.payments.payments import record_payment, reverse_payment
from services.payments.requests import request_for
from shared import audit
from shared.errors import N_
from shared.japan.kana import match_key
from shared.messages.payments import DepositUnidentified
from shared.people import PersonRow
from shared.uow import UnitOfWork

TAKEN_BACK = N_("The bank took the transfer back.")
PORTION = 1_000
MANY = 20_000  # candidates to compare names with at most


def place_deposit(uow: UnitOfWork, deposit: DepositRow) -> None:
    """Match a new deposit, or put it into the queue. A reversal line takes back the deposit that it repeats."""
    if deposit.reversal:
        _take_back(uow, deposit)
        return
    account = _account_of(uow, deposit)
    if account is not None:
        deposit.attempt_id = account.attempt_id
        attempt = lock_attempt(uow, account.attempt_id)
        request = uow.get(RequestRow, attempt.request_id)
        if _in_time(uow, deposit, attempt) and (attempt.state != "paid" or request.state == "open"):
            _match(uow, deposit, attempt, request)
            return
    deposit.state = "unidentified"
    uow.add(deposit)
    _book(uow, deposit, "deposit", ledger.BANK, ledger.UNIDENTIFIED)
    uow.say(DepositUnidentified(deposit_id=deposit.id, amount=deposit.amount, value_date=deposit.value_on))


def lock_payers(uow: UnitOfWork, deposits: Sequence[DepositRow]) -> None:
    """Lock the requests that these deposits may pay, before the first is touched and in the order of their ids."""
    numbers = {number for deposit in deposits for number in _numbers_of(deposit)}
    attempts = sa.select(AccountRow.attempt_id).where(AccountRow.number.in_(sa.bindparam("numbers", expanding=True)))
    wanted = sa.select(AttemptRow.request_id).where(AttemptRow.id.in_(attempts))
    found: set[str] = set()
    for some in _portions(numbers):
        found.update(uow.session.scalars(wanted, {"numbers": some}))
    locked = sa.select(RequestRow.id).order_by(RequestRow.id).with_for_update()
    for ids in _portions(found):
        uow.session.execute(locked.where(RequestRow.id.in_(ids))).all()


def assign_deposit(
    uow: UnitOfWork, deposit_id: str, *, invoice_id: str | None = None, payer_id: str | None = None
) -> PaymentRow:
    """Staff know whose it is: an invoice's, or a payer's credit. Raises NotFound, DepositNotWaiting, PayerUnknown,
    ReversedByBankOnly."""
    deposit = uow.get(DepositRow, deposit_id, lock=True)
    if deposit.reversal:
        raise ReversedByBankOnly
    if deposit.state != "unidentified":
        raise DepositNotWaiting
    request = request_for(uow, invoice_id, lock=True) if invoice_id else None
    payer_id = request.payer_id if request else payer_id
    if request is None and (payer_id is None or uow.session.get(PersonRow, payer_id) is None):
        raise PayerUnknown
    deposit.state = "assigned"
    payment = record_payment(
        uow,
        _payment(
            deposit, invoice_id=invoice_id, payer_id=payer_id, late=request is not None and request.state != "open"
        ),
        request=request,
        debit=ledger.UNIDENTIFIED,
    )
    audit.record(
        uow,
        "assign-deposit",
        f"deposit/{deposit.id}",
        after={"invoice": invoice_id, "payer": payer_id, "payment": payment.id},
    )
    return payment


@dataclass(frozen=True)
class Suggestion:
    """Whose deposit it might be, and why: `account` (the number was once theirs), `number` (member number in the name),
    `name_and_amount`, `name`, `amount`. Best first. Staff decide."""

    person: PersonRow
    request: RequestRow | None
    reasons: tuple[str, ...]


_WEIGHT = {"account": 8, "number": 4, "name": 2, "amount": 1}


def suggestions(uow: UnitOfWork, deposit: DepositRow, *, limit: int = 5) -> list[Suggestion]:
    """For one deposit in the queue; at most a handful."""
    reasons: dict[str, set[str]] = {}
    if deposit.attempt_id:
        reasons.setdefault(uow.get(AttemptRow, deposit.attempt_id).payer_id, set()).add("account")
    for person_id, why in _by_name(uow, deposit):
        reasons.setdefault(person_id, set()).add(why)
    requests = _open_requests(uow, list(reasons))
    if not reasons:
        same = (
            sa.select(RequestRow).where(RequestRow.state == "open", RequestRow.due == deposit.amount).limit(limit + 1)
        )
        alike = uow.session.scalars(same).all()
        if len(alike) <= limit:  # where everybody owes the same, the amount says nothing
            requests = {request.payer_id: request for request in alike}
            reasons = {payer_id: set() for payer_id in requests}
    people = {p.id: p for p in uow.session.scalars(sa.select(PersonRow).where(PersonRow.id.in_(list(reasons))))}
    found = []
    for person_id, known in reasons.items():
        request = requests.get(person_id)
        if request is not None and request.due == deposit.amount:
            known.add("amount")
        if person_id in people:
            found.append(Suggestion(people[person_id], request, tuple(sorted(known, key=lambda why: -_WEIGHT[why]))))
    return sorted(found, key=lambda s: -sum(_WEIGHT[why] for why in s.reasons))[:limit]


def unidentified(uow: UnitOfWork, *, limit: int = 50, offset: int = 0) -> Sequence[DepositRow]:
    """The queue 不明入金, oldest first."""
    statement = sa.select(DepositRow).where(DepositRow.state == "unidentified")
    return uow.session.scalars(
        statement.order_by(DepositRow.booked_on, DepositRow.id).limit(limit).offset(offset)
    ).all()


def count_unidentified(uow: UnitOfWork) -> int:
    return int(
        uow.session.scalar(sa.select(sa.func.count(DepositRow.id)).where(DepositRow.state == "unidentified")) or 0
    )


def payments_of(uow: UnitOfWork, deposit_id: str) -> Sequence[PaymentRow]:
    """The payments that were ever made of a deposit, reversed ones too."""
    return uow.session.scalars(
        sa.select(PaymentRow).where(PaymentRow.deposit_id == deposit_id).order_by(PaymentRow.id)
    ).all()


def of_file(uow: UnitOfWork, file_id: str, *, limit: int) -> list[tuple[DepositRow, str | None, str | None]]:
    """The deposits that a file brought, each with the payer and invoice of its payment."""
    rows = uow.session.scalars(
        sa.select(DepositRow).where(DepositRow.bank_file_id == file_id).order_by(DepositRow.line).limit(limit)
    ).all()
    paid = sa.select(PaymentRow).where(PaymentRow.deposit_id.in_([row.id for row in rows]))
    payments = {payment.deposit_id: payment for payment in uow.session.scalars(paid.order_by(PaymentRow.id))}
    found = ((row, payments.get(row.id)) for row in rows)
    return [
        (row, payment.payer_id if payment else None, payment.invoice_id if payment else None) for row, payment in found
    ]


def _match(uow: UnitOfWork, deposit: DepositRow, attempt: AttemptRow, request: RequestRow) -> None:
    deposit.state = "matched"
    uow.add(deposit)
    told = attempt.pay_until.astimezone(uow.zone).date()
    late = deposit.value_on > told or request.state != "open"
    payment = _payment(deposit, invoice_id=attempt.invoice_id, payer_id=attempt.payer_id, late=late)
    payment.attempt_id = attempt.id
    record_payment(uow, payment, request=request)
    if attempt.is_live or attempt.state == "expired":
        attempt.state, attempt.ended_at = "paid", uow.now
        attempt.void = request.state == "paid"  # the account has done its work: the provider may close it
        attempt.next_ask_at = uow.now if attempt.void else None


def _in_time(uow: UnitOfWork, deposit: DepositRow, attempt: AttemptRow) -> bool:
    """By the value date, within the hidden grace: the day on which the bank reported it does not matter (P5+)."""
    begun = attempt.created_at.astimezone(uow.zone).date()
    return begun <= deposit.value_on and deposit.value_on < attempt.expires_at.astimezone(uow.zone).date()


def _take_back(uow: UnitOfWork, line: DepositRow) -> None:
    """取消区分: the newest deposit with the same account, payer and amount that the bank has not taken back yet."""
    same = (
        sa.select(DepositRow)
        .where(
            DepositRow.account == line.account,
            DepositRow.amount == line.amount,
            DepositRow.payer_code == line.payer_code,
            DepositRow.payer_name == line.payer_name,
            DepositRow.reversal.is_(False),
            DepositRow.state != "reversed",
            DepositRow.booked_on <= line.booked_on,
        )
        .order_by(DepositRow.booked_on.desc(), DepositRow.id.desc())
        .limit(1)
        .with_for_update()
    )
    taken = uow.session.scalars(same).one_or_none()
    line.state = "reversed" if taken else "unidentified"
    uow.add(line)
    if taken is None:
        _book(uow, line, "deposit_reversal", ledger.UNIDENTIFIED, ledger.BANK)
        return
    unreversed = sa.select(PaymentRow.id).where(
        PaymentRow.deposit_id == taken.id, PaymentRow.id.not_in(sa.select(ReversalRow.payment_id))
    )
    payment_id = uow.session.scalars(unreversed).one_or_none()
    if payment_id is not None:
        reverse_payment(uow, payment_id, TAKEN_BACK, by_bank=True)
    else:
        taken.state = "reversed"
        _book(uow, line, "deposit_reversal", ledger.UNIDENTIFIED, ledger.BANK)


def _account_of(uow: UnitOfWork, deposit: DepositRow) -> AccountRow | None:
    """Banks report a virtual account in the payer code, or as the account that the money came to."""
    bank = deposit.account.split("-")[0]
    statement = sa.select(AccountRow).where(AccountRow.bank == bank, AccountRow.number.in_(_numbers_of(deposit)))
    return uow.session.scalars(statement.limit(1)).one_or_none()


def _portions(things: Collection[str]) -> Iterator[list[str]]:
    """In order, as many as one statement should name."""
    ordered = sorted(things)
    for start in range(0, len(ordered), PORTION):
        yield ordered[start : start + PORTION]


def _numbers_of(deposit: DepositRow) -> list[str]:
    _, branch, _, number = deposit.account.split("-")
    return [deposit.payer_code, f"{branch}{number}"]


def _book(uow: UnitOfWork, deposit: DepositRow, kind: str, debit: str, credit: str) -> None:
    uow.session.flush()
    ledger.post(uow, kind, f"deposit/{deposit.id}", [(debit, credit, deposit.amount)], value_on=deposit.value_on)


def _payment(deposit: DepositRow, *, invoice_id: str | None, payer_id: str | None, late: bool) -> PaymentRow:
    return PaymentRow(
        amount=deposit.amount,
        method="bank_transfer",
        received_on=deposit.value_on,
        invoice_id=invoice_id,
        payer_id=payer_id,
        deposit_id=deposit.id,
        late=late,
    )


def _by_name(uow: UnitOfWork, deposit: DepositRow) -> list[tuple[str, str]]:
    """People whose number stands in the depositor's name, or whose name a bank would write like this."""
    digits = "".join(c if c.isascii() and c.isdigit() else " " for c in deposit.payer_name).split()
    found: list[tuple[str, str]] = []
    if digits:
        by_number = sa.select(PersonRow.id).where(PersonRow.number.in_(digits))
        found += [(id, "number") for id in uow.session.scalars(by_number)]
    wanted = match_key("".join(c for c in deposit.payer_name if not c.isdigit()))
    if not wanted:
        return found
    alike = sa.select(PersonRow.id, PersonRow.kana).where(
        PersonRow.kind != "contact",
        sa.or_(PersonRow.kana.startswith(wanted[0], autoescape=True), PersonRow.kind == "corporate"),
    )
    for person_id, kana in uow.session.execute(alike.limit(MANY)):
        if kana and match_key(kana) == wanted:
            found.append((person_id, "name"))
    return found


def _open_requests(uow: UnitOfWork, payer_ids: list[str]) -> dict[str, RequestRow]:
    """One open request per payer: the oldest."""
    statement = sa.select(RequestRow).where(RequestRow.payer_id.in_(payer_ids), RequestRow.state == "open")
    rows = uow.session.scalars(statement.order_by(RequestRow.due_on.desc(), RequestRow.id.desc()))
    return {request.payer_id: request for request in rows}
