"""Whether a society uses the corporate My Page 法人マイページ: contacts then log in, and edit their own names."""

from __future__ import annotations

import sqlalchemy as sa

from services.members.corporations.acting import my_page_used
from services.members.models import AccountRow, ContactRow, CorporateSettingsRow
from services.members.sessions import end_all_sessions
from shared import audit
from shared.uow import UnitOfWork


def use_my_page(uow: UnitOfWork, used: bool) -> None:
    """From now on, or no more: then whoever is logged in as a contact is logged out."""
    before = my_page_used(uow)
    if before == used:
        return
    row = uow.session.get(CorporateSettingsRow, uow.society_id, with_for_update=True) or uow.add(CorporateSettingsRow())
    row.my_page = used
    audit.record(
        uow,
        "change-corporate-page",
        "corporate-page",
        before={"corporate_page": before},
        after={"corporate_page": used},
    )
    if not used:
        of_contacts = sa.select(AccountRow.id).join(ContactRow, ContactRow.id == AccountRow.person_id)
        end_all_sessions(uow, uow.session.scalars(of_contacts).all())
