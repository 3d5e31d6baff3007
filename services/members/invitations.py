"""Login invitations: the first link to set a password, for one member or for thousands (story 3)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from services.members.models import AccountRow, MemberRow, PasswordLinkRow
from services.members.password_links import link_message, new_link
from services.members.search import matching
from services.members.search_conditions import EVERYBODY, MemberSearch
from services.members.standings.words import ENDED
from services.members.tokens import make_token
from shared import audit, jobs
from shared.db import insert_rows
from shared.ids import new_id
from shared.jobs import JobRow, JobRun
from shared.uow import UnitOfWork

INVITE = "send-invitations"
CHUNK = 1_000


def start_invitations(
    uow: UnitOfWork,
    *,
    ids: Sequence[str] | None = None,
    search: MemberSearch = EVERYBODY,
) -> JobRow:
    """Invite the chosen members, or everybody that a search finds; those who have a password are passed over."""
    args = {"ids": list(ids) if ids is not None else None, "search": search.plain()}
    total = uow.session.scalar(sa.select(sa.func.count()).select_from(_invitable(args).subquery())) or 0
    audit.record(uow, "send-invitations", "members", after={"count": total})
    return jobs.start(uow, INVITE, args, total=total)


def send_invitations(run: JobRun) -> None:
    """Long work: account, link and letter of each, a thousand in a transaction."""
    while True:
        with run.chunk() as uow:
            statement = _invitable(run.args).order_by(MemberRow.id).limit(CHUNK)
            if run.cursor:
                statement = statement.where(MemberRow.id > run.cursor)
            people = uow.session.scalars(statement).all()
            if people:
                _invite(uow, people, run.running.settings.public_url)
                run.cursor = people[-1].id
            run.done += len(people)
            if len(people) < CHUNK:
                run.finish(uow, {"invited": run.done})
        if len(people) < CHUNK:
            return


def _invitable(args: dict[str, Any]) -> sa.Select[Any]:
    with_password = sa.select(AccountRow.person_id).where(
        sa.or_(AccountRow.password_hash.is_not(None), AccountRow.state != "active")
    )
    statement = matching(_search(args)).where(
        MemberRow.email.is_not(None),
        MemberRow.letters_to.is_(None),  # a corporate member: its contacts are invited
        MemberRow.standing.not_in(ENDED),
        MemberRow.id.not_in(with_password),
    )
    return statement.where(MemberRow.id.in_(args["ids"])) if args["ids"] is not None else statement


def _search(args: dict[str, Any]) -> MemberSearch:
    if "search" in args:
        return MemberSearch.from_plain(args["search"])
    several = {name: tuple(filter(None, [args[name]])) for name in ("category", "standing")}
    return MemberSearch.from_plain({"q": args["query"], "on": args.get("on"), **several})  # of an older release


def _invite(uow: UnitOfWork, people: Sequence[MemberRow], public_url: str) -> None:
    ids = [person.id for person in people]
    there = uow.session.scalars(sa.select(AccountRow).where(AccountRow.person_id.in_(ids))).all()
    known = {a.person_id: a.id for a in there}
    staff = {a.person_id for a in there if a.is_staff}
    fresh = {id: new_id() for id in ids if id not in known}
    insert_rows(uow.session, AccountRow, (_account(uow, id, account) for id, account in fresh.items()))
    accounts = {**known, **fresh}
    quietly = {"synchronize_session": False}
    invited = sa.update(AccountRow).where(AccountRow.id.in_(list(known.values()))).values(invited_at=uow.now)
    older = sa.update(PasswordLinkRow).where(
        PasswordLinkRow.account_id.in_(list(known.values())),
        PasswordLinkRow.used_at.is_(None),
        PasswordLinkRow.superseded_at.is_(None),
    )
    uow.session.execute(invited, execution_options=quietly)
    uow.session.execute(older.values(superseded_at=uow.now), execution_options=quietly)
    links, messages = [], []
    for person in people:
        token = make_token(str(uow.society_id))
        link = new_link(uow, accounts[person.id], person.email or "", token, welcome=True)
        links.append(
            {
                "society_id": uow.society_id,
                "id": new_id(),
                "secret": link.secret,
                "account_id": link.account_id,
                "purpose": link.purpose,
                "address": link.address,
                "created_at": link.created_at,
                "expires_at": link.expires_at,
                "used_at": None,
                "superseded_at": None,
            }
        )
        messages.append(link_message(person.id, link, public_url, token, staff=person.id in staff))
    insert_rows(uow.session, PasswordLinkRow, links)
    uow.say_all(messages)


def _account(uow: UnitOfWork, person_id: str, id: str) -> dict[str, Any]:
    return {
        "society_id": uow.society_id,
        "id": id,
        "person_id": person_id,
        "password_hash": None,
        "roles": [],
        "is_staff": False,
        "state": "active",
        "created_at": uow.now,
        "invited_at": uow.now,
    }
