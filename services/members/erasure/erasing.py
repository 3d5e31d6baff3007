"""People are erased 個人情報の消去: what says who they were goes, and a tombstone stays, so that nobody comes back by
mistake and no member number is given out twice. The other services are told, and forget likewise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from services.members.erasure.due import gone, hold_of, keeping_of, over_by, refuse_needed
from services.members.errors.erasure import ErasureHeld
from services.members.members import keep_in_line, tell, touch
from services.members.models import (
    AccountRow,
    ApplicationRow,
    CategoryEntryRow,
    CertificateRow,
    CodeRow,
    ContactRow,
    EmailChangeRow,
    ErasureRow,
    HalfLoginRow,
    HoldRow,
    LoginSessionRow,
    MemberRow,
    PasswordLinkRow,
    PasswordRequestRow,
    ReadRow,
    RecordRow,
    RequestRow,
    SavedSearchRow,
    SecondFactorRow,
    SelectedRow,
    SpareCodeRow,
    StandingRow,
)
from services.members.models.people import BLANK_PERSON
from services.members.sessions import end_all_sessions
from shared import audit
from shared.db import insert_rows
from shared.messages.members import PersonErased
from shared.people import ERASED, NAME_OF_ERASED, ROMAN_OF_ERASED
from shared.uow import UnitOfWork

AT_ONCE = 500  # people in a transaction; the others follow a minute later

_OF_ACCOUNTS: tuple[Any, ...] = (
    HalfLoginRow.account_id,
    LoginSessionRow.account_id,
    PasswordLinkRow.account_id,
    SpareCodeRow.account_id,
    SecondFactorRow.account_id,
    SavedSearchRow.owner_id,
    AccountRow.id,
)
_OF_PEOPLE: tuple[Any, ...] = (
    RecordRow.member_id,
    RequestRow.person_id,
    EmailChangeRow.person_id,
    ApplicationRow.member_id,
    CodeRow.person_id,
    ReadRow.person_id,
    SelectedRow.member_id,
    StandingRow.member_id,
    CategoryEntryRow.member_id,
    HoldRow.person_id,
    ContactRow.id,
    ContactRow.corporation_id,
)
_TOMBSTONE: Mapping[str, Any] = {
    **{name: value for name, value in BLANK_PERSON.items() if name != "standing"},
    "kind": ERASED,
    "name": NAME_OF_ERASED,
    "roman": ROMAN_OF_ERASED,
    "search": "",
    "address_dead_at": None,
    "letters_to": None,
    "contact_words": "",
}


def erase_due(uow: UnitOfWork) -> None:
    """Due work: whose time is over, so many at a time."""
    over = gone().where(over_by(keeping_of(uow), uow.today), HoldRow.person_id.is_(None))
    due = over.with_only_columns(MemberRow.id).order_by(MemberRow.id)
    ids = uow.session.scalars(due.limit(AT_ONCE)).all()
    if ids:
        uow.session.execute(
            sa.select(MemberRow.id).where(MemberRow.id.in_(ids)).order_by(MemberRow.id).with_for_update()
        )
        still = uow.session.scalars(due.where(MemberRow.id.in_(ids))).all()  # but who came back, or was held, meanwhile
        _erase(uow, still, "time")


def erase_on_request(uow: UnitOfWork, id: str) -> None:
    """At once, because the person asks for it 消去の請求. Raises NotFound, PersonErased, NotToBeErased, ErasureHeld."""
    person = uow.get(MemberRow, id, lock=True)
    refuse_needed(uow, person)
    if hold_of(uow, id):
        raise ErasureHeld(name=person.name)
    _erase(uow, [id], "request")


def tell_again(uow: UnitOfWork) -> int:
    """Whoever was ever erased is said once more, for a service restored from an old back-up. Returns how many."""
    statement = sa.select(MemberRow.id, MemberRow.revision, ErasureRow.erased_on)
    erased = uow.session.execute(statement.join(ErasureRow, ErasureRow.person_id == MemberRow.id)).all()
    for start in range(0, len(erased), AT_ONCE):
        some = erased[start : start + AT_ONCE]
        uow.say_all([PersonErased(person_id=id, revision=new, erased_on=day) for id, new, day in some], bulk=True)
        uow.write_messages()
    audit.record(uow, "tell-erasures", "person-keeping", after={"count": len(erased)})
    return len(erased)


def what_goes(uow: UnitOfWork, id: str) -> Mapping[str, int]:
    """How much of each kind is deleted with a person, for a look before."""
    columns: dict[str, Any] = {
        "login": AccountRow.person_id,
        "records": RecordRow.member_id,
        "requests": RequestRow.person_id,
        "certificates": CertificateRow.person_id,
        "history": StandingRow.member_id,
    }
    counts = {
        name: uow.session.scalar(sa.select(sa.func.count()).where(column == id)) for name, column in columns.items()
    }
    return {name: count or 0 for name, count in counts.items()}


def _erase(uow: UnitOfWork, ids: Sequence[str], cause: str) -> None:
    """People whose rows are locked; with a corporate member also its contacts, who are here for nothing else, and with
    everybody the records that were merged into theirs."""
    ids = [*ids, *_released_contacts(uow, ids)]
    merged = sa.select(MemberRow.id).where(MemberRow.merged_into.in_(ids)).order_by(MemberRow.id)
    ids += uow.session.scalars(merged.with_for_update()).all()
    left = sa.select(ContactRow.corporation_id).where(ContactRow.id.in_(ids), ContactRow.corporation_id.not_in(ids))
    corporations = uow.session.scalars(left.distinct().order_by(ContactRow.corporation_id)).all()
    addresses = sa.select(MemberRow.email).where(MemberRow.id.in_(ids), MemberRow.email.is_not(None))
    emails = uow.session.scalars(addresses).all()
    _end_logins(uow, ids)
    for column in _OF_PEOPLE:
        _delete(uow, column.in_(ids), column)
    for column in (ApplicationRow.email, PasswordRequestRow.email):
        _delete(uow, column.in_(emails), column)
    _change(uow, sa.update(CertificateRow).where(CertificateRow.person_id.in_(ids)).values(facts={}, issued_by=""))
    empty = sa.update(MemberRow).where(MemberRow.id.in_(ids))
    _change(uow, empty.values(**_TOMBSTONE, revision=MemberRow.revision + 1, changed_at=uow.now))
    _say(uow, ids, cause)
    for corporation in corporations:
        keep_in_line(uow, uow.get(MemberRow, corporation, lock=True))


def _released_contacts(uow: UnitOfWork, ids: Sequence[str]) -> Sequence[str]:
    """Contacts of these, locked, to be erased with them. Whoever works for the office stays, as a guest."""
    statement = sa.select(MemberRow).join(ContactRow, ContactRow.id == MemberRow.id)
    statement = statement.where(ContactRow.corporation_id.in_(ids)).order_by(MemberRow.id)
    contacts = uow.session.scalars(statement.with_for_update(of=MemberRow)).all()
    works = sa.select(AccountRow.person_id).where(AccountRow.is_staff)
    staff = set(uow.session.scalars(works.where(AccountRow.person_id.in_([row.id for row in contacts]))))
    for row in contacts:
        if row.id in staff:
            row.kind, row.standing = "guest", "active"
            touch(uow, row)
            tell(uow, row)
    return [row.id for row in contacts if row.id not in staff]


def _end_logins(uow: UnitOfWork, ids: Sequence[str]) -> None:
    accounts = uow.session.scalars(sa.select(AccountRow.id).where(AccountRow.person_id.in_(ids))).all()
    end_all_sessions(uow, accounts)
    uow.session.flush()
    kept = sa.update(SavedSearchRow).where(SavedSearchRow.owner_id.in_(accounts), SavedSearchRow.shared)
    _change(uow, kept.values(owner_name=NAME_OF_ERASED))
    for column in _OF_ACCOUNTS:
        theirs = column.in_(accounts)
        _delete(uow, sa.and_(theirs, ~SavedSearchRow.shared) if column is SavedSearchRow.owner_id else theirs, column)


def _say(uow: UnitOfWork, ids: Sequence[str], cause: str) -> None:
    """One by one in the trail, and to the others; a request does not wait behind thousands whose time is over."""
    revisions = sa.select(MemberRow.id, MemberRow.revision).where(MemberRow.id.in_(ids)).order_by(MemberRow.id)
    erased = uow.session.execute(revisions).all()
    by = uow.actor.name if uow.actor.id else ""
    same = {"society_id": uow.society_id, "erased_on": uow.today, "cause": cause, "erased_by": by}
    insert_rows(uow.session, ErasureRow, [{**same, "person_id": id, "revision": new} for id, new in erased])
    audit.record_many(
        uow, [audit.trail_entry(uow, "erase-person", f"member/{id}", after={"cause": cause}) for id, _ in erased]
    )
    said = [PersonErased(person_id=id, revision=revision, erased_on=uow.today) for id, revision in erased]
    uow.say_all(said, bulk=cause == "time")


def _delete(uow: UnitOfWork, which: sa.ColumnElement[bool], column: Any) -> None:
    _change(uow, sa.delete(column.class_).where(which))


def _change(uow: UnitOfWork, statement: sa.Update | sa.Delete) -> None:
    uow.session.execute(statement, execution_options={"synchronize_session": False})
