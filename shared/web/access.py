"""Who may see which route. Every view says so with a decorator; a route that does not say it is closed to everybody."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, TypeVar, cast
from urllib.parse import quote

import sqlalchemy as sa
import structlog
from flask import Flask, Response, current_app, g, redirect, request
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response as WerkzeugResponse

from shared.db import Id
from shared.errors import N_, Forbidden, LoginNeeded, SocietySuspended
from shared.identity import SYSTEM, Actor, EndedSession, Principal, Role, TokenReader, TokenRefused
from shared.service import RunningService
from shared.society import SocietyRow
from shared.uow import UnitOfWork
from shared.web.asking import is_api, is_navigation, wants_problem

TOKEN_COOKIE = "tsudoi_token"
HINT_COOKIE = "tsudoi_session_hint"
RENEW = "/members/session/renew"
LOGIN = "/members/login"

# of both tables in one statement, built once: one round trip for each request
_STANDING = (
    sa.select(EndedSession.session_id.label("ended"), *SocietyRow.__table__.c)
    .select_from(sa.select(sa.literal(1)).subquery())
    .outerjoin(EndedSession, EndedSession.session_id == sa.bindparam("session", type_=Id))
    .outerjoin(SocietyRow, SocietyRow.id == sa.bindparam("society", type_=Id))
)


class OutOfScope(Forbidden):
    text = N_("This key may not be used for that: it lacks the scope %(scope)s.")


View = TypeVar("View", bound=Callable[..., Any])


@dataclass(frozen=True)
class Access:
    """A declaration. `public`: everybody; no roles: everybody who is logged in."""

    public: bool = False
    roles: frozenset[Role] = frozenset()

    def check(self, who: Principal | None) -> None:
        """Raises LoginNeeded or Forbidden."""
        if self.public:
            return
        if who is None:
            raise LoginNeeded
        if self.roles and not who.may(*self.roles):
            raise Forbidden


def allow(*roles: Role) -> Callable[[View], View]:
    """Principals with one of these roles. Stands on view functions, MethodViews or their methods."""
    if not roles:
        raise ValueError("no roles: use @allow_anyone_logged_in or @allow_public")
    return _declare(Access(roles=frozenset(roles)))


def allow_anyone_logged_in(view: View) -> View:
    """Everybody who is logged in, whatever their role."""
    return _declare(Access())(view)


def allow_public(view: View) -> View:
    """Everybody, without a login."""
    return _declare(Access(public=True))(view)


def _declare(access: Access) -> Callable[[View], View]:
    def mark(view: View) -> View:
        view.tsudoi_access = access  # type: ignore[attr-defined]
        return view

    return mark


def declare_endpoint(app: Flask, endpoint: str, access: Access) -> None:
    """For a view of a library, which can't be decorated."""
    app.extensions.setdefault("tsudoi_access", {})[endpoint] = access


def principal() -> Principal:
    """Who is asking. Raises LoginNeeded on a public page that nobody is logged in to."""
    who = principal_or_none()
    if who is None:
        raise LoginNeeded
    return who


def principal_or_none() -> Principal | None:
    """Who is asking, or None. A token that is forged, expired or of an ended session counts for nothing; whoever is of
    a suspended society, and no operator, has no role."""
    if "principal" not in g:
        g.principal, g.society = _read_principal()
        if g.principal:
            structlog.contextvars.bind_contextvars(society=g.principal.society_id, account=g.principal.account_id)
    return cast("Principal | None", g.principal)


def society() -> SocietyRow | None:
    """Public data of the society of this page, if there is one and its first message has come."""
    principal_or_none()
    return cast("SocietyRow | None", g.society)


def is_bearer() -> bool:
    """Does this request name its token itself (an integrator)? Browsers never do so on their own."""
    return request.authorization is not None and request.authorization.type == "bearer"


def running_service() -> RunningService:
    return cast(RunningService, current_app.extensions["tsudoi"])


@contextmanager
def unit() -> Iterator[UnitOfWork]:
    """A unit of work in the society and name of who is asking; committed at its end."""
    who = principal()
    with running_service().unit(who.society_id, actor=who.actor) as uow:
        uow.know_society(g.society)
        yield uow


@contextmanager
def reading() -> Iterator[UnitOfWork]:
    """The same for looking only: never waits for writers."""
    who = principal()
    with running_service().unit(who.society_id, actor=who.actor, reading=True) as uow:
        uow.know_society(g.society)
        yield uow


@contextmanager
def public_unit(society_id: str | None, *, actor: Actor = SYSTEM, reading: bool = False) -> Iterator[UnitOfWork]:
    """For public pages and webhooks that found out the society themselves."""
    with running_service().unit(society_id, actor=actor, reading=reading) as uow:
        if society_id and g.get("society") is None:
            principal_or_none()
            g.society = uow.session.get(SocietyRow, society_id)
            if g.society is not None:
                uow.session.expunge(g.society)  # a rollback would take its values away from the page that explains why
        yield uow


def install(app: Flask) -> None:
    app.before_request(_guard)


def undeclared_routes(app: Flask) -> list[str]:
    """Routes that nobody may use because their access was forgotten: `METHOD /path`."""
    found = []
    for rule in app.url_map.iter_rules():
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            if declared_access(app, rule.endpoint, method) is None:
                found.append(f"{method} {rule.rule}")
    return sorted(found)


def declared_access(app: Flask, endpoint: str, method: str) -> Access | None:
    """What a route says of itself; None where that was forgotten."""
    view: Any = app.view_functions[endpoint]
    view_class = getattr(view, "view_class", None)
    if view_class is not None:
        handler = getattr(view_class, ("get" if method == "HEAD" else method).lower(), None)
        return getattr(handler, "tsudoi_access", None) or getattr(view_class, "tsudoi_access", None)
    access: Access | None = getattr(view, "tsudoi_access", None)
    return access or app.extensions.get("tsudoi_access", {}).get(endpoint)


def _guard() -> ResponseReturnValue | None:
    rule = request.url_rule
    if rule is None or (request.method == "OPTIONS" and _answers_options_itself(rule)):
        return None
    access = declared_access(current_app, rule.endpoint, request.method)
    if access is None:
        raise Forbidden
    if access.public:
        return None
    who = principal_or_none()
    if who is not None and not who.roles and g.society is not None and g.society.suspended:
        raise SocietySuspended
    if who is None and not wants_problem():
        if is_navigation():
            return to_login()
        if request.headers.get("HX-Request"):
            answer = Response(status=401)
            answer.headers["HX-Redirect"] = _login_address(_page_under_htmx())
            return answer
    access.check(who)
    if who is not None and who.scopes is not None:
        _check_scope(who.scopes)
    return None


def _check_scope(scopes: frozenset[str]) -> None:
    """Another program uses the API alone, and there what its key is for. Raises Forbidden, OutOfScope."""
    if not is_api():
        raise Forbidden
    needed = f"{running_service().name}:{'read' if request.method in ('GET', 'HEAD') else 'write'}"
    if needed not in scopes:
        raise OutOfScope(scope=needed)


def _answers_options_itself(rule: Any) -> bool:
    return bool(rule.provide_automatic_options)


def to_login() -> WerkzeugResponse:
    """To the login, or silently to a fresh token where the browser says that a session is still open, and back here."""
    query = request.query_string.decode("latin-1")
    return redirect(_login_address(request.path + (f"?{query}" if query else "")))


def _login_address(back: str) -> str:
    start = RENEW if request.cookies.get(HINT_COOKIE) else LOGIN
    return f"{start}?next={quote(back, safe='/')}"


def _page_under_htmx() -> str:
    from shared.web.local_path import local_path

    current = request.headers.get("HX-Current-URL", "")
    without_host = "/" + current.split("/", 3)[3] if current.count("/") >= 3 else "/"
    return local_path(without_host)


def _read_principal() -> tuple[Principal | None, SocietyRow | None]:
    token = request.authorization.token if is_bearer() and request.authorization else request.cookies.get(TOKEN_COOKIE)
    if not token:
        return None, None
    running = running_service()
    try:
        who = _token_reader(running).read(token)
    except TokenRefused:
        return None, None
    with running.look() as connection:
        row = connection.execute(_STANDING, {"session": who.session_id, "society": who.society_id}).mappings().one()
    if row["ended"]:
        return None, None
    known = {name: value for name, value in row.items() if name != "ended"}
    society = SocietyRow(**known) if known["id"] else None
    if society is not None and society.suspended and Role.OPERATOR not in who.roles:
        return replace(who, roles=frozenset(), person_id=None), society
    return who, society


def _token_reader(running: RunningService) -> TokenReader:
    extensions = current_app.extensions
    if "tsudoi_token_reader" not in extensions:
        extensions["tsudoi_token_reader"] = TokenReader(running.settings.token_public.read_bytes())
    return cast(TokenReader, extensions["tsudoi_token_reader"])
