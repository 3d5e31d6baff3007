"""How long a society keeps something."""

from __future__ import annotations

from datetime import date

from sqlalchemy.orm import Mapped, mapped_column

from shared.db import Id
from shared.society import SocietyOwned, current_society


class KeptFor(SocietyOwned):
    """Columns of such a setting, one row a society. A shorter time counts from a day to come; until then the longer
    one, `years_before`."""

    society_id: Mapped[str] = mapped_column(Id, primary_key=True, default=current_society.get)
    years: Mapped[int]
    years_before: Mapped[int]
    counts_from: Mapped[date]
