"""The second step of a login 二段階認証: an authenticator app, spare codes, and who must have one."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from services.members.models.base import Base
from shared.db import Id, UtcDateTime
from shared.ids import new_id
from shared.society import SocietyOwned, current_society


class SecondFactorRow(SocietyOwned, Base):
    """An authenticator app of an account. `sealed`: its secret, readable with the installation's own only.

    Without `confirmed_at` it is being set up, and asks for nothing yet."""

    __tablename__ = "second_factors"

    account_id: Mapped[str] = mapped_column(sa.ForeignKey("accounts.id"), primary_key=True)
    sealed: Mapped[str]
    confirmed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_step: Mapped[int] = mapped_column(sa.BigInteger, default=0)  # of 30 s: a code counts once


class SpareCodeRow(SocietyOwned, Base):
    """For whoever has lost the app. `digest` is the SHA-256 of the code; each counts once."""

    __tablename__ = "spare_codes"

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    account_id: Mapped[str] = mapped_column(sa.ForeignKey("accounts.id"), index=True)
    digest: Mapped[str] = mapped_column(unique=True)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class HalfLoginRow(SocietyOwned, Base):
    """A browser that has given the right password, and not yet the code. `secret` is the SHA-256 of its cookie."""

    __tablename__ = "half_logins"

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    secret: Mapped[str] = mapped_column(unique=True)
    account_id: Mapped[str] = mapped_column(sa.ForeignKey("accounts.id"), index=True)
    verified: Mapped[str]  # the password's hash: whoever changes it in between ends this
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class LoginPolicyRow(SocietyOwned, Base):
    """What a society asks of logins."""

    __tablename__ = "login_policies"

    society_id: Mapped[str] = mapped_column(Id, primary_key=True, default=current_society.get)
    staff_need_second_factor: Mapped[bool] = mapped_column(default=False)
