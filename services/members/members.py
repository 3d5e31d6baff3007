"""Members: added and changed by staff, told to everybody else (PersonChanged), every change recorded (M13)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from services.members.applications.pending import refuse_while_pending
from services.members.categories import category_by_code
from services.members.corporations.acting import corporation_of
from services.members.corporations.following import follow_contacts
from services.members.custom_fields.finding import list_fields, own_fields
from services.members.custom_fields.reading import merged
from services.members.custom_fields.words import difference
from services.members.errors.corporations import HasContacts
from services.members.errors.erasure import PersonErased
from services.members.errors.histories import StillMember
from services.members.errors.people import EmailInUse, NumberInUse
from services.members.histories.settling import begin_histories_of, from_today, histories
from services.members.histories.tracks import CATEGORY
from services.members.models import AccountRow, MemberRow
from services.members.numbers.register import holders, keep_number
from services.members.search import search_text
from services.members.search_conditions import KINDS
from services.members.standings.dates import contradiction
from services.members.standings.words import ENDED
from shared import audit
from shared.errors import N_, ChangedMeanwhile, Fault, Forbidden, InvalidInput, NotFound
from shared.identity import Role
from shared.ids import new_id
from shared.messages.members import ApplicationReceived, PersonChanged
from shared.people import ERASED
from shared.uow import UnitOfWork

CHANGEABLE = (
    "kind",
    "name",
    "kana",
    "roman",
    "email",
    "language",
    "number",
    "category",
    "joined_on",
    "affiliation",
    "postcode",
    "address",
    "phone",
    "note",
    "custom",
)
_ONLY_AT_FIRST = ("standing", "leaves_on")  # later by way of the history, see standings/
_BLANK: dict[str, Any] = {"kana": "", "roman": "", "email": None, "number": None, "affiliation": ""}
OWN_CONTACT = ("language", "affiliation", "postcode", "address", "phone", "custom")


def add_member(uow: UnitOfWork, values: Mapping[str, Any], *, by_applicant: bool = False) -> MemberRow:
    """A new member, an individual one where nothing else is said.

    Raises EmailInUse, NumberInUse, InvalidInput, VerificationPending."""
    given = _only(values, (*CHANGEABLE, *_ONLY_AT_FIRST))
    if "custom" in given:
        given["custom"] = merged({}, given["custom"])
    row = MemberRow(id=new_id(), **{"kind": "individual", "standing": "active", **_BLANK, **given})
    check_member(uow, row)
    if fault := contradiction(row.standing, row.leaves_on, uow.today):
        raise InvalidInput(faults=[fault])
    if row.email:
        refuse_while_pending(uow, row.email.lower())
    touch(uow, row)
    uow.add(row)
    uow.session.flush()
    begin_histories_of(uow, row)
    keep_number(uow, row.id, row.number)
    _told, after = _difference(uow, {"custom": {}}, given)
    audit.record(uow, "add-member", f"member/{row.id}", after=after)
    tell(uow, row)
    if row.standing == "applying":
        uow.say(ApplicationReceived(person_id=row.id, received_at=uow.now, proxy=not by_applicant))
    return row


def add_guest(uow: UnitOfWork, *, name: str, email: str, language: str = "ja") -> MemberRow:
    """A person with an account who is no member: staff."""
    return add_outsider(uow, "guest", {"name": name, "email": email, "language": language})


def add_outsider(uow: UnitOfWork, kind: str, values: Mapping[str, Any]) -> MemberRow:
    """A person who is no member: guest or contact. Told like everybody, so that letters reach them.

    Raises EmailInUse."""
    row = MemberRow(id=new_id(), **{**_BLANK, "kind": kind, "standing": "active", **values})
    check_member(uow, row)
    touch(uow, row)
    uow.add(row)
    uow.session.flush()
    tell(uow, row)
    return row


def change_member(uow: UnitOfWork, id: str, values: Mapping[str, Any], *, revision: int | None = None) -> MemberRow:
    """Staff change anything but the standing. With `revision`: refused if somebody else was quicker.

    Raises ChangedMeanwhile, NotFound, EmailInUse, NumberInUse, InvalidInput, Forbidden, HasContacts."""
    row = uow.get(MemberRow, id, lock=True)
    if row.kind == "contact":
        raise NotFound  # see corporations/contacts.py
    if revision is not None and revision != row.revision:
        raise ChangedMeanwhile
    if values.get("email", row.email) != row.email:
        protect_staff(uow, row)
    given = _only(values, CHANGEABLE if row.kind in KINDS else CHANGEABLE[1:])  # a guest does not become a member so
    return change_fields(uow, row, given, "change-member")


def change_own_contact(uow: UnitOfWork, person_id: str, values: Mapping[str, Any]) -> MemberRow:
    """Members edit their own contact data: neither name nor standing, and e-mail only by confirmation (M12, M13).
    Of custom fields those that the society leaves to them; others count as not given."""
    row = uow.get(MemberRow, person_id, lock=True)
    given = _only(values, OWN_CONTACT)
    if "custom" in given:
        given["custom"] = _only(given["custom"], [field.key for field in own_fields(uow, row)])
    return change_fields(uow, row, given, "change-own-contact")


def change_own_email(uow: UnitOfWork, person_id: str, email: str) -> MemberRow:
    """After they have confirmed it, see email_changes.py. Raises EmailInUse."""
    return change_fields(uow, uow.get(MemberRow, person_id, lock=True), {"email": email}, "change-own-email")


def free_address(uow: UnitOfWork, id: str) -> MemberRow:
    """Of somebody who has left: another record may have it from now on (M3+).

    Raises NotFound, StillMember, Forbidden."""
    row = uow.get(MemberRow, id, lock=True)
    if row.standing not in ENDED:
        raise StillMember(name=row.name)
    protect_staff(uow, row)
    return change_fields(uow, row, {"email": None}, "free-address")


def tell(uow: UnitOfWork, row: MemberRow) -> None:
    """Say the person as they are now."""
    uow.say(PersonChanged(person=row.public(category_by_code(uow, row.category))))


def keep_in_line(uow: UnitOfWork, corporation: MemberRow) -> None:
    """After its contacts have changed: a locked corporate member is found by their names, and its letters go to the
    main one."""
    if follow_contacts(uow, corporation):
        touch(uow, corporation)
        tell(uow, corporation)


def holder_of_email(uow: UnitOfWork, email: str) -> MemberRow | None:
    return uow.session.scalars(sa.select(MemberRow).where(MemberRow.email == email.lower())).one_or_none()


def label(row: MemberRow | sa.Row[*tuple[Any, ...]]) -> str:
    """How staff are told of a person: name and number."""
    return f"{row.name} ({row.number})" if row.number else row.name


def mark_address_dead(uow: UnitOfWork, person_id: str, at: datetime) -> None:
    """A letter came back for good: staff see it beside the address until the address is changed. Letters to a
    corporate member went to its main contact."""
    person = uow.get(MemberRow, person_now(uow, person_id), lock=True)
    (holder_of_email(uow, person.letters_to or "") or person).address_dead_at = at


def person_now(uow: UnitOfWork, id: str) -> str:
    """The id under which this person is known: it differs where their record was merged into another one."""
    return uow.session.scalar(sa.select(MemberRow.merged_into).where(MemberRow.id == id)) or id


def _only(values: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
    return {name: values[name] for name in names if name in values}


def change_fields(uow: UnitOfWork, row: MemberRow, values: Mapping[str, Any], action: str) -> MemberRow:
    """Of a locked person: what is another now is checked, recorded and told. Of custom fields `values` says some; the
    others stay."""
    if row.kind == ERASED:
        raise PersonErased
    if "custom" in values:
        values = {**values, "custom": merged(row.custom, values["custom"])}
    before = {name: getattr(row, name) for name in values}
    changed = {name: value for name, value in values.items() if value != before[name]}
    if not changed:
        return row
    if "kind" in changed and row.contact_words:
        raise HasContacts(faults=[Fault(HasContacts.text, field="kind")])
    known = histories(uow, CATEGORY, [row]) if "category" in changed else {}  # before it changes
    with uow.session.no_autoflush:
        for name, value in changed.items():
            setattr(row, name, value)
        check_member(uow, row)
    if "category" in changed and not row.category:
        raise InvalidInput(faults=[Fault(N_("Please choose a category."), field="category")])
    touch(uow, row)
    if "email" in changed:
        row.address_dead_at = None
    if "category" in changed:
        from_today(uow, CATEGORY, row, known[row.id])
    if "number" in changed:
        keep_number(uow, row.id, before["number"])
        keep_number(uow, row.id, row.number)
    was, now = _difference(uow, {name: before[name] for name in changed}, changed)
    audit.record(uow, action, f"member/{row.id}", before=was, after=now)
    tell(uow, row)
    if row.kind == "contact":
        keep_in_line(uow, corporation_of(uow, row.id, lock=True))
    return row


def _difference(
    uow: UnitOfWork, before: Mapping[str, Any], after: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """For the audit trail: of custom fields only what is not the same, by their labels."""
    was, now = audit.plain(before), audit.plain(after)
    if "custom" in after:
        was["custom"], now["custom"] = difference(list_fields(uow), before["custom"], after["custom"])
    return was, now


def touch(uow: UnitOfWork, row: MemberRow) -> None:
    """Something about them changed: what is derived from it follows."""
    row.email = row.email.lower() if row.email else None
    row.number = row.number or None
    row.revision = (row.revision or 0) + 1
    row.changed_at = uow.now
    own = (row.name, row.kana, row.roman, row.number, row.email, row.affiliation)
    row.search = search_text(*own, row.contact_words or "")


def check_member(uow: UnitOfWork, row: MemberRow) -> None:
    """Does it fit beside all others? Raises EmailInUse, NumberInUse, InvalidInput."""
    others = sa.select(MemberRow).where(MemberRow.id != row.id)
    if row.email:
        holder = uow.session.scalars(others.where(MemberRow.email == row.email.lower())).one_or_none()
        if holder:
            raise EmailInUse(holder=label(holder), faults=[Fault(EmailInUse.text, {"holder": label(holder)}, "email")])
    if row.number:
        owner = holders(uow, [row.number]).get(row.number)
        if owner and owner.id != row.id:
            params = {"number": row.number, "holder": label(owner)}
            raise NumberInUse(**params, faults=[Fault(NumberInUse.text, params, "number")])
    if row.category and category_by_code(uow, row.category) is None:
        raise InvalidInput(faults=[Fault(N_("There is no such category."), field="category")])
    if row.joined_on and row.leaves_on and row.leaves_on < row.joined_on:
        raise InvalidInput(faults=[Fault(N_("The withdrawal date is before the date of joining."), field="leaves_on")])


def protect_staff(uow: UnitOfWork, row: MemberRow) -> None:
    """Whoever moves the address of staff gets their password links, and with them their roles: administrators only.

    Raises Forbidden."""
    account = uow.session.scalars(sa.select(AccountRow).where(AccountRow.person_id == row.id)).one_or_none()
    if account is None or uow.actor.id is None:
        return
    if Role.OPERATOR in account.roles:  # belongs to no society's office, whoever asks
        raise Forbidden
    if not account.is_staff:
        return
    asking = uow.session.get(AccountRow, uow.actor.id)
    if asking is None or Role.ADMINISTRATOR not in asking.roles:
        raise Forbidden
