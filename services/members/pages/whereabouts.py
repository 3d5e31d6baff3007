"""Before anybody is known: which society a public page is about."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from flask import g, request

from services.members.errors.societies import SocietyUnknown
from shared.society import SocietyRow
from shared.web.access import principal_or_none, running_service


def societies() -> Sequence[SocietyRow]:
    with running_service().session(reading=True) as session:
        return session.scalars(sa.select(SocietyRow).order_by(SocietyRow.name)).all()


def society_here() -> SocietyRow | None:
    """By the first label of the host name, else the only one there is; None: the visitor has to choose."""
    label = request.host.partition(":")[0].partition(".")[0].lower()
    known = societies()
    found = next((row for row in known if row.slug == label), known[0] if len(known) == 1 else None)
    principal_or_none()
    if found and g.get("society") is None:
        g.society = found
    return found


def society_or_choice(slug: str | None) -> SocietyRow | None:
    """The society of this page, or the one that the visitor chose; None: the choice is still to be made."""
    return society_here() or next((row for row in societies() if row.slug == slug), None)


def chosen_society(slug: str | None) -> SocietyRow:
    """The same where there must be one. Raises SocietyUnknown."""
    here = society_or_choice(slug)
    if here is None:
        raise SocietyUnknown
    return here
