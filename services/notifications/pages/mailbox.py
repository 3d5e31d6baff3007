"""The mailbox of a trial installation: everybody's post in one place, while no mail server is set.

It is open to whoever reaches the installation, since it stands for all inboxes; with a mail server it is gone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa
from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from services.notifications.errors import NoMailbox
from services.notifications.letters import search_letters
from services.notifications.models import LetterRow
from services.notifications.pages.words import pieces
from services.notifications.settings import NotificationsSettings
from shared.errors import NotFound
from shared.society import SocietyRow
from shared.uow import UnitOfWork
from shared.web.access import allow_public, public_unit, running_service

mailbox_pages = Blueprint("mailbox", __name__, url_prefix="/notifications/mailbox")

SHOWN = 100


@dataclass(frozen=True)
class Received:
    """A letter as it lies in the mailbox."""

    letter: LetterRow
    society: SocietyRow


@mailbox_pages.get("")
@allow_public
def show_mailbox() -> ResponseReturnValue:
    wanted = request.args.get("q", "").strip()[:200]
    statement = (
        search_letters(text=wanted, state="sent").order_by(LetterRow.sent_at.desc(), LetterRow.id.desc()).limit(SHOWN)
    )
    received = [
        Received(letter, uow.society) for uow in _societies() for letter in uow.session.scalars(statement).all()
    ]
    received.sort(key=lambda each: (each.letter.sent_at, each.letter.id), reverse=True)
    return render_template("notifications/mailbox.html", received=received[:SHOWN], wanted=wanted, most=SHOWN)


@mailbox_pages.get("/<uuid:id>")
@allow_public
def show_received(id: UUID) -> ResponseReturnValue:
    statement = sa.select(LetterRow).where(LetterRow.id == str(id), LetterRow.state == "sent")
    for uow in _societies():
        letter = uow.session.scalars(statement).one_or_none()
        if letter is not None:
            received = Received(letter, uow.society)
            return render_template("notifications/received.html", received=received, pieces=pieces(letter.text or ""))
    raise NotFound


def _societies() -> Iterator[UnitOfWork]:
    """A unit of work in each society, one after the other. Raises NoMailbox where letters go out by mail."""
    settings = running_service().settings
    assert isinstance(settings, NotificationsSettings)
    if settings.mail_server is not None:
        raise NoMailbox
    for society in running_service().societies():
        with public_unit(society, reading=True) as uow:
            yield uow
