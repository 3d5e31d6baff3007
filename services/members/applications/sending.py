"""The form behind the mailed link (M2): checked, confirmed, sent; whoever sent it is applying 申請中."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from services.members.applications.links import look_at_application
from services.members.errors.links import AlreadyKnown
from services.members.errors.people import EmailInUse
from services.members.members import add_member
from services.members.models import CustomFieldRow, MemberRow
from services.members.person_input import read_about_oneself
from shared.uow import UnitOfWork


def read_application(
    given: Mapping[str, Any], fields: Sequence[CustomFieldRow] = (), *, language: str
) -> dict[str, Any]:
    """What an applicant wrote, as it is stored. Raises InvalidInput with a fault for each wrong field.

    Whoever reads Japanese has a reading; whoever reads English has a name in roman letters. `fields`: what the society
    asks besides, under `custom`."""
    return read_about_oneself(given, fields, language, needed=["kana" if language == "ja" else "roman"])


def send_application(uow: UnitOfWork, token: str, values: Mapping[str, Any]) -> MemberRow:
    """Once for each link. Raises LinkUnusable, InvalidInput."""
    row = look_at_application(uow, token, lock=True)
    row.sent_at = uow.now  # now: the link is not pending any more, and `add_member` may go ahead
    uow.session.flush()
    whole = {**values, "email": row.email, "language": row.language, "standing": "applying"}
    try:
        member = add_member(uow, whole, by_applicant=True)
    except EmailInUse as error:  # the office was quicker; whoever has the link owns the address and may be told
        raise AlreadyKnown from error
    row.member_id = member.id
    return member
