"""The base of all tables of members."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase

from shared.db import NAMING


class Base(DeclarativeBase):
    metadata = sa.MetaData(naming_convention=NAMING)
