"""Contacts 連絡者 of a corporate member: added, changed, made the main one, ended; each is a person with an account of
their own, and no member (docs/decisions/0016).

Locked are the person first, then the corporate member, then what ties the two: whoever changes their address does so,
too."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import sqlalchemy as sa

from services.members.accounts import ensure_account
from services.members.applications.pending import refuse_while_pending
from services.members.corporations.acting import corporation_of, logins_of, my_page_used
from services.members.corporations.following import contacts_of
from services.members.errors.corporations import ContactEnded, CorporatePageClosed
from services.members.members import add_outsider, change_fields, keep_in_line, protect_staff, tell, touch
from services.members.models import ContactRow, MemberRow
from services.members.password_links import send_link
from services.members.sessions import end_all_sessions
from services.members.standings.words import ENDED
from shared import audit
from shared.errors import N_, ChangedMeanwhile, Fault, InvalidInput, NotFound
from shared.uow import UnitOfWork

DUTIES = {
    "representative": N_("Representative"),
    "liaison": N_("Office contact"),
    "billing": N_("Billing contact"),
    "other": N_("Other"),
}
OWN = ("name", "kana", "roman", "affiliation", "phone", "language")  # affiliation: department and post 部署・役職
PERSONAL = (*OWN, "email")
_BLANK: dict[str, Any] = {
    "kana": "",
    "roman": "",
    "affiliation": "",
    "phone": "",
    "language": "ja",
    "email": None,
    "duty": "liaison",
}
AT_ONCE = 1_000

Contact = tuple[ContactRow, MemberRow]


def add_contact(uow: UnitOfWork, corporation_id: str, values: Mapping[str, Any]) -> Contact:
    """`main`: gets the letters from now on. Who is there already, all the same, is given back.

    Raises NotFound (also for whoever is no corporate member), EmailInUse, VerificationPending, InvalidInput."""
    corporation = uow.get(MemberRow, corporation_id, lock=True)
    if corporation.kind != "corporate":
        raise NotFound
    given = {name: values.get(name, _BLANK.get(name)) for name in (*PERSONAL, "duty")}
    for contact, person in contacts_of(uow, corporation_id):
        if given == {"duty": contact.duty, **{name: getattr(person, name) for name in PERSONAL}}:
            return contact, person
    if given["email"]:
        refuse_while_pending(uow, given["email"])
    person = add_outsider(uow, "contact", {name: given[name] for name in PERSONAL})
    contact = uow.add(ContactRow(id=person.id, corporation_id=corporation_id, duty=given["duty"], main=False))
    uow.session.flush()
    _record(uow, "add-contact", corporation_id, None, {"contact": person.name, "duty": contact.duty})
    if values.get("main"):
        _make_main(uow, contact, person)
    keep_in_line(uow, corporation)
    return contact, person


def change_contact(uow: UnitOfWork, id: str, values: Mapping[str, Any], *, revision: int | None = None) -> Contact:
    """By the office. With `revision`: refused if somebody else was quicker.

    Raises NotFound, ChangedMeanwhile, EmailInUse, InvalidInput, Forbidden."""
    contact, person = _lock(uow, id)
    if revision is not None and revision != person.revision:
        raise ChangedMeanwhile
    if values.get("email", person.email) != person.email:
        protect_staff(uow, person)
    change_fields(uow, person, {name: values[name] for name in PERSONAL if name in values}, "change-contact")
    duty = values.get("duty", contact.duty)
    if duty != contact.duty:
        before, after = ({"contact": person.name, "duty": each} for each in (contact.duty, duty))
        _record(uow, "change-contact", contact.corporation_id, before, after)
        contact.duty = duty
        touch(uow, person)
    return contact, person


def change_own_data(uow: UnitOfWork, contact_id: str, values: Mapping[str, Any]) -> MemberRow:
    """Contacts edit their own name, too, where there is a corporate My Page. Raises CorporatePageClosed."""
    _contact, person = _lock(uow, contact_id)
    if not my_page_used(uow):
        raise CorporatePageClosed
    given = {name: values[name] for name in OWN if name in values}
    return change_fields(uow, person, given, "change-own-contact-person")


def make_main(uow: UnitOfWork, id: str) -> Contact:
    """Letters to the corporate member go to this contact from now on. Raises NotFound, ContactEnded."""
    contact, person = _lock(uow, id)
    if person.standing in ENDED:
        raise ContactEnded(name=person.name)
    if not contact.main:
        _make_main(uow, contact, person)
        keep_in_line(uow, corporation_of(uow, id))
    return contact, person


def end_contact(uow: UnitOfWork, id: str, day: date) -> Contact:
    """From this day on they are no contact any more; if it is still to come, then by itself.

    Raises NotFound, ContactEnded."""
    contact, person = _lock(uow, id)
    if contact.ends_on == day:
        return contact, person
    if person.standing in ENDED:
        raise ContactEnded(name=person.name)
    _change_end(uow, contact, person, day, "end-contact")
    if day <= uow.today:
        _leave(uow, contact, person)
    return contact, person


def resume_contact(uow: UnitOfWork, id: str) -> Contact:
    """They go on as a contact, or are one again; not as the main one. Raises NotFound."""
    contact, person = _lock(uow, id)
    if contact.ends_on is None:
        return contact, person
    _change_end(uow, contact, person, None, "resume-contact")
    if person.standing in ENDED:
        _stand(uow, person, "active")
    return contact, person


def let_contacts_end(uow: UnitOfWork) -> None:
    """Due work: those whose day has come."""
    due = sa.select(ContactRow.id).join(MemberRow, MemberRow.id == ContactRow.id)
    due = due.where(ContactRow.ends_on <= uow.today, MemberRow.standing.not_in(ENDED))
    for id in uow.session.scalars(due.order_by(ContactRow.id).limit(AT_ONCE)).all():
        contact, person = _lock(uow, id)
        if contact.ends_on and contact.ends_on <= uow.today and person.standing not in ENDED:
            _leave(uow, contact, person)


def invite_contact(uow: UnitOfWork, id: str, *, public_url: str) -> MemberRow:
    """Mail the link to set a password. Raises NotFound, ContactEnded, CorporatePageClosed, InvalidInput."""
    _contact, person = _lock(uow, id)
    if person.standing in ENDED:
        raise ContactEnded(name=person.name)
    if not my_page_used(uow):
        raise CorporatePageClosed
    if not person.email:
        raise InvalidInput(faults=[Fault(N_("There is no e-mail address to write to."), field="email")])
    account = ensure_account(uow, person)
    send_link(uow, account, person, public_url=public_url, welcome=account.password_hash is None)
    return person


def _lock(uow: UnitOfWork, id: str) -> Contact:
    """Raises NotFound."""
    person = uow.get(MemberRow, id, lock=True)
    corporation_of(uow, id, lock=True)
    return uow.get(ContactRow, id, lock=True), person


def _make_main(uow: UnitOfWork, contact: ContactRow, person: MemberRow) -> None:
    """Of a locked corporate member; one at a time."""
    was = ""
    for other, other_person in contacts_of(uow, contact.corporation_id):
        if other.main:
            other.main, was = False, other_person.name
    uow.session.flush()
    contact.main = True
    before, after = {"main_contact": was}, {"main_contact": person.name}
    _record(uow, "make-main-contact", contact.corporation_id, before, after)


def _change_end(uow: UnitOfWork, contact: ContactRow, person: MemberRow, day: date | None, action: str) -> None:
    before, after = ({"contact": person.name, "ends_on": each} for each in (contact.ends_on, day))
    _record(uow, action, contact.corporation_id, before, after)
    contact.ends_on = day


def _leave(uow: UnitOfWork, contact: ContactRow, person: MemberRow) -> None:
    """Whoever was the main one leaves the place empty: the office chooses the next."""
    contact.main = False
    _stand(uow, person, "left")
    end_all_sessions(uow, logins_of(uow, [person.id]))


def _stand(uow: UnitOfWork, person: MemberRow, standing: str) -> None:
    person.standing = standing
    touch(uow, person)
    tell(uow, person)
    keep_in_line(uow, corporation_of(uow, person.id))


def _record(
    uow: UnitOfWork,
    action: str,
    corporation_id: str,
    before: Mapping[str, Any] | None,
    after: Mapping[str, Any],
) -> None:
    """It stands with the corporate member: there people look for it."""
    was = dict.fromkeys(after, "") if before is None else audit.plain(before)
    audit.record(uow, action, f"member/{corporation_id}", before=was, after=audit.plain(after))
