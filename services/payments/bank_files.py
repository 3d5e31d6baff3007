"""Bank files 振込入金通知: looked at first, then imported in one transaction. The same file, or the same line in two
overlapping files, counts once."""

from __future__ import annotations

import hashlib
import io
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import undefer

from services.payments.deposits import lock_payers, place_deposit
from services.payments.errors import BankFileKnown, BankFileTooLarge
from services.payments.models import BankFileRow, DepositRow
from shared import audit
from shared.ids import new_id
from shared.japan.zengin import Deposit, read_deposits
from shared.uow import UnitOfWork

MEGABYTES = 10


@dataclass(frozen=True)
class Line:
    """One line of a file, and whether it is in our books already."""

    deposit: Deposit
    account: str
    line_hash: str
    ordinal: int
    known: bool


def preview_file(uow: UnitOfWork, name: str, content: bytes) -> BankFileRow:
    """Read and keep a file without any effect; the same content again gives the same row.

    Raises InvalidInput with a fault per wrong line, BankFileTooLarge."""
    if len(content) > MEGABYTES * 1024 * 1024:
        raise BankFileTooLarge(megabytes=MEGABYTES)
    sha256 = hashlib.sha256(content).hexdigest()
    statement = sa.select(BankFileRow).where(BankFileRow.sha256 == sha256)
    if (known := uow.session.scalars(statement).one_or_none()) is not None:
        return known
    lines = _read(uow, content)
    row = BankFileRow(
        id=new_id(),
        sha256=sha256,
        name=name[:200],
        content=content,
        state="previewed",
        summary=_summary(lines),
        uploaded_at=uow.now,
        uploaded_by=uow.actor.name,
    )
    return uow.add(row)


def lines_of(uow: UnitOfWork, file_id: str) -> list[Line]:
    """The lines of a kept file, with what is known by now. Raises NotFound."""
    return _read(uow, _with_content(uow, file_id).content)


def import_file(uow: UnitOfWork, file_id: str) -> BankFileRow:
    """Bring the file's new lines into the books, all or none. Raises NotFound, BankFileKnown."""
    file = uow.get(BankFileRow, file_id, lock=True)
    if file.state == "imported":
        raise BankFileKnown
    states: Counter[str] = Counter()
    lines = _read(uow, _with_content(uow, file_id).content)
    rows = [_row(file.id, line) for line in lines if not line.known]
    states["known"] = len(lines) - len(rows)
    lock_payers(uow, rows)
    for row in rows:
        place_deposit(uow, row)
        uow.session.flush()
        states[row.state] += 1
    file.state, file.imported_at = "imported", uow.now
    file.summary = {**_summary(lines), "result": dict(+states)}
    audit.record(uow, "import-bank-file", f"bank-file/{file.id}", after={"name": file.name, **+states})
    return file


def list_files(uow: UnitOfWork, *, limit: int = 50, offset: int = 0) -> Sequence[BankFileRow]:
    """Newest first."""
    statement = sa.select(BankFileRow).order_by(BankFileRow.uploaded_at.desc(), BankFileRow.id.desc())
    return uow.session.scalars(statement.limit(limit).offset(offset)).all()


def _with_content(uow: UnitOfWork, file_id: str) -> BankFileRow:
    statement = sa.select(BankFileRow).where(BankFileRow.id == file_id).options(undefer(BankFileRow.content))
    found = uow.session.scalars(statement.execution_options(populate_existing=True)).one_or_none()
    return found if found is not None else uow.get(BankFileRow, file_id)


def _read(uow: UnitOfWork, content: bytes) -> list[Line]:
    deposits = list(read_deposits(io.BufferedReader(io.BytesIO(content))))
    known = _known(uow, {d.booked_on for d in deposits})
    seen: Counter[tuple[str, date, str]] = Counter()
    lines = []
    for deposit in deposits:
        account = "-".join((deposit.account.bank, deposit.account.branch, deposit.account.kind, deposit.account.number))
        line_hash = _hash(deposit)
        seen[account, deposit.booked_on, line_hash] += 1
        ordinal = seen[account, deposit.booked_on, line_hash]
        key = (account, deposit.booked_on, line_hash, ordinal)
        lines.append(Line(deposit, account, line_hash, ordinal, key in known))
    return lines


def _known(uow: UnitOfWork, days: set[date]) -> set[tuple[str, date, str, int]]:
    columns = sa.select(DepositRow.account, DepositRow.booked_on, DepositRow.line_hash, DepositRow.ordinal)
    found = uow.session.execute(columns.where(DepositRow.booked_on.in_(days)))
    return {(account, day, line_hash, ordinal) for account, day, line_hash, ordinal in found}


def _hash(deposit: Deposit) -> str:
    """What makes a line that line. Not its reference number: banks number each file anew."""
    parts = (
        deposit.value_on.isoformat(),
        str(deposit.amount),
        str(deposit.cheques),
        deposit.payer_code,
        deposit.payer_name,
        deposit.sending_bank,
        deposit.sending_branch,
        str(int(deposit.reversal)),
        deposit.edi,
    )
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()


def _row(file_id: str, line: Line) -> DepositRow:
    deposit = line.deposit
    return DepositRow(
        id=new_id(),
        bank_file_id=file_id,
        account=line.account,
        line=deposit.line,
        line_hash=line.line_hash,
        ordinal=line.ordinal,
        booked_on=deposit.booked_on,
        value_on=deposit.value_on,
        amount=deposit.amount,
        payer_name=deposit.payer_name,
        payer_code=deposit.payer_code,
        sending_bank=deposit.sending_bank,
        sending_branch=deposit.sending_branch,
        edi=deposit.edi,
        reversal=deposit.reversal,
        state="unidentified",
    )


def _summary(lines: Sequence[Line]) -> dict[str, Any]:
    kept = [line.deposit for line in lines if not line.deposit.reversal]
    taken = [line.deposit for line in lines if line.deposit.reversal]
    days = sorted(line.deposit.booked_on for line in lines)
    return {
        "accounts": sorted({line.account for line in lines}),
        "first": days[0].isoformat() if days else None,
        "last": days[-1].isoformat() if days else None,
        "count": len(kept),
        "sum": sum(deposit.amount for deposit in kept),
        "reversal_count": len(taken),
        "reversal_sum": sum(deposit.amount for deposit in taken),
        "known": sum(line.known for line in lines),
    }
