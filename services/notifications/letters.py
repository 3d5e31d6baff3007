"""Letters 送信メール: queued once for each cause, found again by staff, sent again on request."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects import sqlite

from services.notifications.errors import LetterNotResendable
from services.notifications.models import RESENDABLE, LetterRow
from shared import audit
from shared.ids import new_id
from shared.people import PersonRow
from shared.uow import UnitOfWork

OFFICE = "office"


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A letter to be: what happened (`cause`, an id of the fact), to whom, and the facts for its template."""

    kind: str
    cause: str
    person_id: str | None = None  # None: the office 事務局, or the address in `about["to"]`, which is nobody's (yet)
    invoice_id: str | None = None
    about: Mapping[str, Any] = field(default_factory=dict)
    bulk: bool = False

    @property
    def key(self) -> str:
        return f"{self.kind}:{self.cause}:{self.person_id or OFFICE}"


def queue_letter(uow: UnitOfWork, draft: Draft) -> None:
    """Put a letter into the queue, unless there is one for this cause, kind and recipient already."""
    queue_letters(uow, [draft])


def queue_letters(uow: UnitOfWork, drafts: Iterable[Draft]) -> None:
    """The same for many, in one statement; the unique key decides what is new, whoever else is at it."""
    wanted = {draft.key: draft for draft in drafts}
    if not wanted:
        return
    rows = [
        {
            "id": new_id(),
            "kind": draft.kind,
            "cause": key,
            "person_id": draft.person_id,
            "invoice_id": draft.invoice_id,
            "about": draft.about,
            "bulk": draft.bulk,
        }
        for key, draft in sorted(wanted.items())  # in one order everywhere: two inserters never wait in a circle
    ]
    connection = uow.session.connection()
    if connection.dialect.name == "postgresql":
        given = {"society": uow.society_id, "now": uow.now, "rows": msgspec.json.encode(rows).decode()}
        connection.execute(_QUEUE_FAST, given)
        return
    same = {
        "society_id": uow.society_id,
        "state": "queued",
        "queued_at": uow.now,
        "next_try_at": uow.now,
        "attempts": 0,
        "doubtful": False,
    }
    insert = sqlite.insert(LetterRow).on_conflict_do_nothing(index_elements=["society_id", "cause"])
    connection.execute(insert, [{**same, **row, "about": msgspec.json.encode(row["about"]).decode()} for row in rows])


# One parameter for the whole batch: arrays of JSON texts would cost more to quote than the rest of the work, and a look
# for known causes beforehand can't be trusted to use the right index while the table is young.
_QUEUE_FAST = sa.text(
    """
    INSERT INTO letters (society_id, state, queued_at, next_try_at, attempts, doubtful,
                         id, kind, cause, person_id, invoice_id, about, bulk)
    SELECT CAST(:society AS uuid), 'queued', CAST(:now AS timestamptz), CAST(:now AS timestamptz), 0, false,
           new.id, new.kind, new.cause, new.person_id, new.invoice_id, new.about, new.bulk
    FROM json_to_recordset(CAST(:rows AS json))
         AS new(id uuid, kind text, cause text, person_id uuid, invoice_id uuid, about text, bulk boolean)
    ON CONFLICT (society_id, cause) DO NOTHING
    """
)


def resend_letter(uow: UnitOfWork, letter_id: str) -> LetterRow:
    """Queue a letter again whose delivery failed or is unknown; it keeps its Message-ID.

    Raises NotFound, LetterNotResendable."""
    letter = uow.get(LetterRow, letter_id, lock=True)
    if letter.state not in RESENDABLE:
        raise LetterNotResendable
    audit.record(uow, "resend-letter", f"letter/{letter.id}", before={"state": letter.state}, after={"state": "queued"})
    letter.state, letter.attempts, letter.doubtful = "queued", 0, False
    letter.next_try_at = letter.queued_at = uow.now
    return letter


def search_letters(*, text: str = "", state: str = "", kind: str = "") -> sa.Select[Any]:
    """Letters by address or name of the recipient and by words of the letter (N2)."""
    statement = sa.select(LetterRow)
    if state:
        statement = statement.where(LetterRow.state == state)
    if kind:
        statement = statement.where(LetterRow.kind == kind)
    for word in text.split():
        people = sa.select(PersonRow.id).where(
            sa.or_(
                *(
                    column.icontains(word, autoescape=True)
                    for column in (PersonRow.email, PersonRow.name, PersonRow.number)
                )
            )
        )
        own = (LetterRow.address, LetterRow.name, LetterRow.subject, LetterRow.text)
        found = [column.icontains(word, autoescape=True) for column in own]
        statement = statement.where(sa.or_(*found, LetterRow.person_id.in_(people)))
    return statement


def recipients(uow: UnitOfWork, letters: Iterable[LetterRow]) -> dict[str, tuple[str, str]]:
    """(name, address) by letter id: as written on the letter, or for one not yet written as it would be now."""
    rows = list(letters)
    ids = {letter.person_id for letter in rows if letter.person_id}
    people = {p.id: p for p in uow.session.scalars(sa.select(PersonRow).where(PersonRow.id.in_(ids)))} if ids else {}
    found = {}
    for letter in rows:
        person = people.get(letter.person_id or "")
        to = "" if letter.person_id else letter.facts.get("to", {}).get("email") or uow.society.email
        now = (person.name, person.email) if person else ("", to)
        found[letter.id] = (letter.name or now[0], letter.address or now[1])
    return found


def queue_depth(uow: UnitOfWork) -> dict[str, int]:
    """How many letters there are in each state."""
    statement = sa.select(LetterRow.state, sa.func.count()).group_by(LetterRow.state)
    return {str(state): int(count) for state, count in uow.session.execute(statement)}
