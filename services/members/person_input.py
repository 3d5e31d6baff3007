"""What a form or an integrator says of a person, as values that are stored; all that is wrong is told at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from services.members import values
from services.members.custom_fields.reading import missing, read_custom
from services.members.models import CustomFieldRow
from services.members.values import BadValue
from shared.errors import N_, Fault, InvalidInput

_READERS: Mapping[str, Callable[[str], Any]] = {
    "name": values.name,
    "kana": values.kana,
    "roman": values.roman,
    "email": values.email,
    "number": values.number,
    "affiliation": values.plain_text,
    "postcode": values.postcode,
    "address": values.plain_text,
    "phone": values.phone,
    "note": values.note,
}


def read_person(
    given: Mapping[str, Any], fields: Sequence[CustomFieldRow] = (), language: str = "ja"
) -> dict[str, Any]:
    """Raises InvalidInput with a fault for each wrong field. `fields`: of what is given under `custom`."""
    read, faults = _read(given, fields, language)
    if faults:
        raise InvalidInput(faults=faults)
    return read


def read_about_oneself(
    given: Mapping[str, Any], fields: Sequence[CustomFieldRow], language: str, *, needed: Sequence[str] = ()
) -> dict[str, Any]:
    """The same of somebody who fills it in themselves: what the society asks of everybody may not be left open."""
    read, faults = _read(given, fields, language)
    empty = [name for name in needed if not str(given.get(name) or "").strip()]
    faults += [Fault(N_("Please fill this in."), field=name) for name in empty]
    wrong = {fault.field for fault in faults}
    faults += [fault for fault in missing(fields, read.get("custom", {})) if fault.field not in wrong]
    if faults:
        raise InvalidInput(faults=faults)
    return read


def _read(
    given: Mapping[str, Any], fields: Sequence[CustomFieldRow], language: str
) -> tuple[dict[str, Any], list[Fault]]:
    read = dict(given)
    faults = []
    for name, reader in _READERS.items():
        if name not in given:
            continue
        try:
            read[name] = reader(str(given[name] or "").strip())
        except BadValue as bad:
            faults.append(Fault(bad.text, bad.params, name))
    if "custom" in given:
        read["custom"], wrong = read_custom(fields, given["custom"], language)
        faults += wrong
    return read, faults
