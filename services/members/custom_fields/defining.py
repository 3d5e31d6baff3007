"""Custom fields 独自項目 are defined, put in order, retired 使用停止 and removed. All of it is recorded."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from services.members.custom_fields.checking import check_definition, with_codes
from services.members.custom_fields.conditions import holds_choice
from services.members.custom_fields.finding import (
    count_holders,
    field_by_id,
    headers_without_field,
    holders,
    list_fields,
)
from services.members.custom_fields.types import MOST_FIELDS, WITH_CHOICES
from services.members.errors.custom_fields import (
    ChoiceInUse,
    CustomFieldExists,
    HeaderHasValues,
    TooManyCustomFields,
    TypeInUse,
    ValuesNotConfirmed,
)
from services.members.models import CustomFieldRow, MemberRow
from services.members.ordering import move_one_place
from shared import audit, jobs
from shared.errors import ChangedMeanwhile
from shared.jobs import JobRun
from shared.tables.columns import fold_header
from shared.uow import UnitOfWork

FORGET = "forget-custom-values"
CHUNK = 2_000
DEFINED = (
    "type",
    "label",
    "label_en",
    "hint",
    "hint_en",
    "choices",
    "least",
    "most",
    "required",
    "in_application",
    "for_member",
)


def add_field(uow: UnitOfWork, values: Mapping[str, Any]) -> CustomFieldRow:
    """A new last field, also of a key under which members have values already.

    Raises CustomFieldExists, HeaderHasValues, TooManyCustomFields, InvalidInput."""
    others = _all(uow)
    if len(others) >= MOST_FIELDS:
        raise TooManyCustomFields(most=MOST_FIELDS)
    _refuse_known(uow, others, values["key"], values)
    row = CustomFieldRow(key=values["key"], ordinal=max((other.ordinal for other in others), default=0) + 1)
    _define(row, values)
    uow.add(row)
    uow.session.flush()
    audit.record(uow, "add-custom-field", f"custom-field/{row.id}", after={"key": row.key, **_facts(row)})
    return row


def change_field(uow: UnitOfWork, id: str, values: Mapping[str, Any], *, revision: int | None = None) -> CustomFieldRow:
    """Anything but its key; the type and a choice only while no member has a value, or has chosen it.

    Raises NotFound, ChangedMeanwhile, CustomFieldExists, HeaderHasValues, TypeInUse, ChoiceInUse, InvalidInput."""
    row = field_by_id(uow, id, lock=True)
    if revision is not None and revision != row.revision:
        raise ChangedMeanwhile
    _refuse_known(uow, [other for other in _all(uow) if other.id != id], row.key, values)
    before = _facts(row)
    with uow.session.no_autoflush:
        _define(row, values)
        after = _facts(row)
        if after["type"] != before["type"] and (count := count_holders(uow, row.key)):
            raise TypeInUse.of(count)
        _refuse_loss(uow, row.key, before["choices"], row.choices if row.type in WITH_CHOICES else [])
    changed = [name for name in after if after[name] != before[name]]
    if changed:
        row.revision += 1
        was, now = ({name: facts[name] for name in changed} for facts in (before, after))
        audit.record(uow, "change-custom-field", f"custom-field/{id}", before=was, after=now)
    return row


def move_field(uow: UnitOfWork, id: str, *, up: bool) -> None:
    """One place up or down in the society's order. Raises NotFound."""
    row = field_by_id(uow, id)
    rows = list_fields(uow)
    move_one_place(rows, rows.index(row), up=up)
    audit.record(uow, "move-custom-field", f"custom-field/{id}", after={"ordinal": row.ordinal})


def retire_field(uow: UnitOfWork, id: str) -> CustomFieldRow:
    """Nobody is asked for it any more; what is known stays. Raises NotFound."""
    row = field_by_id(uow, id, lock=True)
    if row.retired_at is None:
        row.retired_at = uow.now
        audit.record(uow, "retire-custom-field", f"custom-field/{id}", before={"label": row.label})
    return row


def restore_field(uow: UnitOfWork, id: str) -> CustomFieldRow:
    """It is asked for again. Raises NotFound."""
    row = field_by_id(uow, id, lock=True)
    if row.retired_at is not None:
        row.retired_at = None
        audit.record(uow, "restore-custom-field", f"custom-field/{id}", after={"label": row.label})
    return row


def remove_field(uow: UnitOfWork, id: str, *, values: int = 0) -> int:
    """With the values of all members, whose number the caller has to know; they go in the background. Returns it.

    Raises NotFound, ValuesNotConfirmed."""
    row = field_by_id(uow, id, lock=True)
    count = count_holders(uow, row.key)
    if count != values:
        raise ValuesNotConfirmed(count=count)
    gone = {"key": row.key, "label": row.label, "type": row.type, "values": count}
    audit.record(uow, "remove-custom-field", f"custom-field/{id}", before=gone)
    if count:
        row.removed_at = uow.now
        jobs.start(uow, FORGET, {"field": id}, total=count)
    else:
        uow.session.delete(row)
    return count


def forget_values(run: JobRun) -> None:
    """Long work: what is known in a removed field is taken from each member, and then the field goes. Of members as
    they were when a file was checked nothing is left to import: each has another revision now."""
    while True:
        with run.chunk() as uow:
            wanted = sa.select(CustomFieldRow).where(CustomFieldRow.id == run.args["field"])
            field = uow.session.scalars(wanted.with_for_update()).one_or_none()
            if field is None:  # this work was done, and its runner died before it could say so
                return
            if not _forget_some(uow, run, field.key):
                uow.session.delete(field)
                return


def _forget_some(uow: UnitOfWork, run: JobRun, key: str) -> int:
    statement = holders(key).order_by(MemberRow.id).limit(CHUNK)
    if run.cursor:
        statement = statement.where(MemberRow.id > run.cursor)
    rows = uow.session.scalars(statement.with_for_update()).all()
    for row in rows:
        row.custom = {name: value for name, value in row.custom.items() if name != key}
        row.revision += 1
    if rows:
        run.cursor = rows[-1].id
        run.done += len(rows)
    return len(rows)


def _all(uow: UnitOfWork) -> Sequence[CustomFieldRow]:
    """Also those whose values are being removed: their keys are taken."""
    return uow.session.scalars(sa.select(CustomFieldRow)).all()


def _define(row: CustomFieldRow, values: Mapping[str, Any]) -> None:
    choices = with_codes(values["choices"], row.choices or []) if values["type"] in WITH_CHOICES else []
    given = {**{name: values[name] for name in DEFINED}, "choices": choices}
    for name, value in {**given, **check_definition(given)}.items():
        setattr(row, name, value)


def _refuse_known(uow: UnitOfWork, others: Iterable[CustomFieldRow], key: str, values: Mapping[str, Any]) -> None:
    """Each name means one field, and in files one column."""
    names = {fold_header(name) for name in (key, values["label"], values["label_en"])}
    for other in others:
        if names & {fold_header(name) for name in (other.key, other.label, other.label_en)}:
            raise CustomFieldExists
    for header in headers_without_field(uow):
        if header != key and fold_header(header) in names:
            raise HeaderHasValues.of(header)


def _refuse_loss(
    uow: UnitOfWork, key: str, before: Sequence[Mapping[str, str]], after: Sequence[Mapping[str, str]]
) -> None:
    kept = {choice["code"] for choice in after}
    for choice in before:
        if choice["code"] not in kept:
            held = sa.select(sa.func.count(MemberRow.id)).where(holds_choice(MemberRow.custom, key, choice["code"]))
            if count := uow.session.scalar(held):
                raise ChoiceInUse.of(choice["label"], count)


def _facts(row: CustomFieldRow) -> dict[str, Any]:
    return {name: getattr(row, name) for name in DEFINED}
