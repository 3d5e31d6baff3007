"""The base of billing's tables."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, ClassVar

import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase

from shared.db import NAMING, Json, UtcDateTime


class Base(DeclarativeBase):
    """Column types follow from the annotations: moments in UTC, JSON for lists and objects."""

    metadata = sa.MetaData(naming_convention=NAMING)
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        datetime: UtcDateTime,
        date: sa.Date,
        dict[str, Any]: Json,
        list[Any]: Json,
    }
