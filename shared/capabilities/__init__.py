"""Who may do what, read from `capabilities.toml`: the one place where it is decided."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from shared.identity import Role

FILE = Path(__file__).with_name("capabilities.toml")
OFFICE = (Role.ADMINISTRATOR, Role.AFFAIRS, Role.ACCOUNTING, Role.EVENTS, Role.READER)  # as tables show them
MY_PAGE = (Role.MEMBER, Role.APPLICANT, Role.CONTACT, Role.GUEST)


@dataclass(frozen=True, kw_only=True)
class Capability:
    """One thing that people do. `scope`: own | society | installation; no roles: everybody who is logged in."""

    name: str
    ja: str
    en: str
    area: str  # a service, or operation
    scope: str
    roles: frozenset[Role] = frozenset()
    opens: tuple[str, ...]

    def is_for(self, role: Role) -> bool:
        return not self.roles or role in self.roles

    def name_in(self, language: str) -> str:
        return self.en if language == "en" else self.ja


@dataclass(frozen=True)
class Opened:
    """Who may use a route."""

    public: bool
    roles: frozenset[Role]  # none: everybody who is logged in


def _capability(given: dict[str, Any]) -> Capability:
    roles = frozenset(Role(role) for role in given.get("roles", ()))
    return Capability(**{**given, "roles": roles, "opens": _of_each_service(given["opens"])})


def _of_each_service(patterns: list[str]) -> tuple[str, ...]:
    spelt = (pattern.replace("{service}", name) for pattern in patterns for name in SERVICES)
    return tuple(dict.fromkeys(spelt))


_DATA: dict[str, Any] = tomllib.loads(FILE.read_text(encoding="utf-8"))
SERVICES: tuple[str, ...] = tuple(_DATA["services"])
CAPABILITIES = {given["name"]: _capability(given) for given in _DATA["capability"]}
PUBLIC = _of_each_service(_DATA["public"]["opens"])
ROLE_NAMES: Mapping[Role, tuple[str, str]] = {
    Role(given["name"]): (given["ja"], given["en"]) for given in _DATA["role"]
}


def may(capability: str) -> tuple[Role, ...]:
    """Its roles, in the order of `Role`. Raises KeyError for a capability that the file does not know."""
    return tuple(role for role in Role if role in CAPABILITIES[capability].roles)


def capabilities_of(scope: str) -> list[Capability]:
    """In the order of the file."""
    return [known for known in CAPABILITIES.values() if known.scope == scope]


def role_name(role: Role, language: str) -> str:
    ja, en = ROLE_NAMES[role]
    return en if language == "en" else ja


def opened_to(method: str, path: str) -> Opened | None:
    """Who the file says may use a route: the pattern that says most about it decides, and where several say as much,
    those of all of them. None: the file does not know it."""
    route = f"{method} {path}"
    fitting: list[tuple[str, Capability | None]] = [
        (pattern, None) for pattern in PUBLIC if fnmatchcase(route, pattern)
    ]
    fitting += [(p, known) for known in CAPABILITIES.values() for p in known.opens if fnmatchcase(route, p)]
    most = max((_weight(pattern) for pattern, _ in fitting), default=0)
    found = [known for pattern, known in fitting if _weight(pattern) == most]
    if not found:
        return None
    if None in found:
        return Opened(True, frozenset())
    sets = [known.roles for known in found if known]
    return Opened(False, frozenset(role for roles in sets for role in roles) if all(sets) else frozenset())


def _weight(pattern: str) -> int:
    """How much of a route it names. At the same length, one that names the method wins over one that does not."""
    method, _, path = pattern.partition(" ")
    return 2 * len(path.replace("*", "")) + (method != "*")
