"""Every address of members that asks who is there, with a real thing behind each id in it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from flask import Flask

from shared.capabilities import opened_to
from shared.identity import Role

# what stands behind an id in a path, by the part of the path before it
BEHIND = {
    "members": "member",
    "staff": "account",
    "selections": "selection",
    "searches": "search",
    "standings": "entry",
    "categories": "category",
    "import": "roster",
    "imports": "roster",
    "records": "record",
    "kinds": "kind",
    "record-kinds": "kind",
    "requests": "request",
    "announcements": "announcement",
    "attachments": "file",
    "certificates": "certificate",
    "links": "application",
    "applications": "member",
    "/api/applications": "application",
    "sessions": "session",
    "contacts": "contact",
    "custom-fields": "field",
    "integrations": "integration",
    "keys": "key",
    "search": "job",
    "merged": "member",
    "invitations": "job",
    "numbers": "job",
    "standing": "job",
    "category": "job",
    "work": "job",
}
# the kit's, and tested there: streams of long work, and the operator's pages. Tokens of mailed links: test_email.py
ELSEWHERE = re.compile(r"/members/(jobs|operator|api/societies)|<token>")


@dataclass(frozen=True)
class Route:
    method: str
    path: str  # as it is written
    address: str  # with the ids of `things`
    roles: frozenset[Role]

    @property
    def has_id(self) -> bool:
        return "<uuid:" in self.path

    def is_for(self, role: Role) -> bool:
        return not self.roles or role in self.roles


def routes(app: Flask, things: dict[str, str]) -> list[Route]:
    """All that are not public."""
    found = []
    for rule in app.url_map.iter_rules():
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            opened = opened_to(method, rule.rule)
            assert opened, rule.rule
            if opened.public or ELSEWHERE.search(rule.rule):
                continue
            for address in _addresses(rule.rule, things):
                found.append(Route(method, rule.rule, address, opened.roles))
    return found


def _addresses(path: str, things: dict[str, str]) -> list[str]:
    """One for each word that the path may hold, with a real thing for each id."""
    choice = re.search(r"<any\(([^)]*)\):\w+>", path)
    if choice:
        return [each for word in choice[1].split(", ") for each in _addresses(path.replace(choice[0], word), things)]
    path = path.replace("<code>", "regular").replace("<key>", "degree")
    if "/contacts" in path:
        path = path.replace("<uuid:member>", things["corporation"])
    for one, other in (("kept", "gone"), ("one", "other")):
        path = path.replace(f"<uuid:{one}>", things["member"]).replace(f"<uuid:{other}>", things["namesake"])
    while "<uuid:" in path:
        before, _, after = path.partition("<uuid:")
        part = "/api/applications" if before.endswith("/api/applications/") else before.rstrip("/").rpartition("/")[2]
        path = before + things[BEHIND[part]] + after.partition(">")[2]
    return [path]
