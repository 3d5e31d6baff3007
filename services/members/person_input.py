"""What a form or an integrator says of a person, as values that are stored; all that is wrong is told at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from services.members import values
from services.members.values import BadValue
from shared.errors import Fault, InvalidInput

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


def read_person(given: Mapping[str, Any]) -> dict[str, Any]:
    """Raises InvalidInput with a fault for each wrong field."""
    read = dict(given)
    faults = []
    for name, reader in _READERS.items():
        if name not in given:
            continue
        try:
            read[name] = reader(str(given[name] or "").strip())
        except BadValue as bad:
            faults.append(Fault(bad.text, bad.params, name))
    if faults:
        raise InvalidInput(faults=faults)
    return read
