"""Which column of a file is which: headers match in Japanese or English, whatever their width, case and spaces."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from shared.errors import N_, Fault, InvalidInput

_IGNORED = re.compile(r"[\s_\-]+")


@dataclass(frozen=True)
class Column:
    """A column that the reader of a file knows: the key of its cells, and the headers under which it may stand.

    The key itself is a header too. The first of `headers` is the one that people are told of."""

    name: str
    headers: tuple[str, ...] = ()
    required: bool = False

    @property
    def title(self) -> str:
        return self.headers[0] if self.headers else self.name


@dataclass(frozen=True)
class Header:
    """A file's header row, understood: for each position the key of its cells (None: no header)."""

    row: int
    keys: tuple[str | None, ...]
    custom: tuple[str, ...]


def fold_header(text: str) -> str:
    return _IGNORED.sub("", unicodedata.normalize("NFKC", text)).casefold()


def understand_header(row: int, cells: Sequence[str], columns: Sequence[Column]) -> Header:
    """Match a header row with the known columns; unknown ones keep their own header as key (custom fields).

    Raises InvalidInput with a fault for each doubled header and each required column that is missing."""
    known = {fold_header(text): column for column in columns for text in (column.name, *column.headers)}
    keys: list[str | None] = []
    custom: list[str] = []
    faults: list[Fault] = []
    seen: set[str] = set()
    for cell in cells:
        text = " ".join(cell.split())
        folded = fold_header(text)
        if not folded:
            keys.append(None)
            continue
        column = known.get(folded)
        identity = column.name if column else folded
        if identity in seen:
            faults.append(
                Fault(N_("The column “%(column)s” stands in the file twice."), {"column": text}, identity, row)
            )
        seen.add(identity)
        keys.append(column.name if column else text)
        if column is None:
            custom.append(text)
    faults += [
        Fault(N_("The column “%(column)s” is missing."), {"column": column.title}, column.name, row)
        for column in columns
        if column.required and column.name not in seen
    ]
    if faults:
        raise InvalidInput(faults=faults)
    return Header(row, tuple(keys), tuple(custom))
