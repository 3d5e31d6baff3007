"""Hostile input for a service's whole API. Schemathesis draws it from the service's own OpenAPI document: what the
document allows, what it forbids, and what lies on the border. No answer is a 5xx, and each is one that the document
describes. Ids in addresses are those of things that exist, so that the input reaches what it is meant for.

What a form may send (`"5"`, `"yes"`) is taken from programs, too: the two share their schemas."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import sqlalchemy as sa
from flask import Flask
from schemathesis import Case
from schemathesis.checks import not_a_server_error
from schemathesis.config import SchemathesisConfig
from schemathesis.core.failures import FailureGroup
from schemathesis.core.result import Ok
from schemathesis.openapi import from_wsgi
from schemathesis.pytest.lazy import get_all_tests
from schemathesis.schemas import BaseSchema
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from shared.service import RunningService

DRAWN = 8, 100  # requests drawn at random for each operation; in `make fuzz` beside those that cover its document
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    unsupported_method,
]
Things = Mapping[str, sa.Executable]


@dataclass
class Fuzzed:
    """The API of a service that runs, and somebody who may do everything in a society.

    `things` says what stands behind the ids of an address: `{"/members/{}/standings/{}": select(member_id, id)}`, by
    the part of the address that follows `/api`. `words`: what a field of a body is called that has to be known."""

    running: RunningService
    app: Flask
    token: str
    society: str
    things: Things
    words: Mapping[str, Any] = field(default_factory=dict)
    answers: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    _turn: count[int] = field(default_factory=count)

    def try_everything(self, *, thorough: bool, never_done: Collection[str] = ()) -> None:
        """All operations, one after the other. `never_done`: those that refuse whatever is drawn, and are therefore
        shown by other tests alone."""
        found = {}
        for result in get_all_tests(schema=self._schema(thorough), test_func=self._ask, settings=None, given_kwargs={}):
            assert isinstance(result, Ok), result.err()
            operation, test = result.ok()
            try:
                test()
            except (FailureGroup, AssertionError) as error:
                found[operation.label] = _told(error)
            assert self.answers[operation.label], operation.label
        assert not found, "\n\n".join(f"{name}\n{what}" for name, what in found.items())
        done = {name for name, statuses in self.answers.items() if any(status < 300 for status in statuses)}
        refused, known = set(self.answers) - done, set(never_done)
        assert done, "nothing was done"
        assert not thorough or refused <= known, sorted(refused - known)

    def _schema(self, thorough: bool) -> BaseSchema:
        generation = {"max-examples": DRAWN[thorough], "deterministic": not thorough, "database": "none"}
        config = SchemathesisConfig.from_dict(
            {
                "generation": {**generation, "with-security-parameters": False},
                "phases": {"coverage": {"enabled": thorough}},
            }
        )
        return from_wsgi(f"/{self.running.name}/api/openapi.json", self.app, config=config)

    def _ask(self, case: Case[Any]) -> None:
        """Send one request, and look at its answer."""
        if not _is_meant_to_miss(case):
            case.path_parameters = {**case.path_parameters, **self._existing(case.path)}
        if isinstance(case.body, dict):
            case.body = {**case.body, **{name: word for name, word in self.words.items() if name in case.body}}
        answer = case.call_and_validate(headers={"Authorization": f"Bearer {self.token}"}, checks=CHECKS)
        self.answers[case.operation.label].add(answer.status_code)

    def _existing(self, path: str) -> dict[str, str]:
        """Ids for this address, of another thing each time."""
        names = re.findall(r"\{(\w+)\}", path)
        like = re.sub(r"\{\w+\}", "{}", path).partition("/api")[2]
        known = max((key for key in self.things if like.startswith(key)), key=len, default=None)
        if known is None:
            return {}
        with self.running.unit(self.society, reading=True) as uow:
            rows = sorted(map(tuple, uow.session.execute(self.things[known])))
        return dict(zip(names, rows[next(self._turn) % len(rows)], strict=False)) if rows else {}


def _is_meant_to_miss(case: Case[Any]) -> bool:
    """The address itself is what is wrong with this request."""
    known = case.meta
    assert known is not None
    return any(location.value == "path" and part.mode.is_negative for location, part in known.components.items())


def _told(error: BaseException) -> str:
    inner = error.exceptions if isinstance(error, FailureGroup) else [error]
    return "\n".join(str(each)[:1_500] for each in inner)
