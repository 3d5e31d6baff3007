"""What members says. The only publisher whose messages carry personal data."""

from __future__ import annotations

from datetime import date, datetime

from shared.messages.base import Fact, Message


class Society(Fact):
    """Society 学会, the tenant."""

    id: str
    revision: int
    slug: str
    name: str
    name_en: str
    zone: str = "Asia/Tokyo"
    fiscal_year_starts: int = 4  # month, 1-12
    email: str = ""  # of the office 事務局; letters to staff go here
    address: str = ""
    phone: str = ""
    registration_number: str | None = None  # T + 13 digits: qualified invoice issuer 適格請求書発行事業者
    registered_from: date | None = None
    suspended: bool = False  # by the operators: nobody of it gets in, and due work rests, until it is resumed


class SocietyChanged(Message, tag="members.SocietyChanged.v1"):
    """A society was created or its public data changed."""

    society: Society


class Person(Fact):
    """A member, contact person or guest, as the other services need to know them."""

    id: str
    revision: int
    kind: str  # individual | corporate | contact | guest | merged (see PersonMerged)
    name: str
    kana: str = ""
    roman: str = ""
    email: str = ""  # where letters go: of a corporate member, to its main contact 主たる連絡者, if it has one
    language: str = "ja"  # ja | en
    number: str | None = None  # member number 会員番号
    standing: str = "active"  # applying | active | on_leave | leaving | left | withdrawn_application | expelled
    category: str | None = None  # code of the category 会員種別
    category_name: str = ""
    category_name_en: str = ""
    joined_on: date | None = None
    leaves_on: date | None = None  # withdrawal date 退会予定日
    affiliation: str = ""
    postcode: str = ""
    address: str = ""


class PersonChanged(Message, tag="members.PersonChanged.v1"):
    """A person was added or anything public about them changed. Personal data: the whole person."""

    person: Person


class PersonErased(Message, tag="members.PersonErased.v1"):
    """What says who this person was is gone from members for good, and is to go everywhere: a tombstone. Its revision
    is newer than that of every PersonChanged before it. What a law makes a service keep stays there until it may go."""

    person_id: str
    revision: int
    erased_on: date


class PersonMerged(Message, tag="members.PersonMerged.v1"):
    """Two records were of one person. Said once, beside PersonChanged of both: `from_id` is nobody any more, and what
    is kept under it belongs to `into_id` for good. Who was kept may be merged into a third one later."""

    from_id: str
    into_id: str
    revision: int  # of `from_id`, the last that it has
    merged_at: datetime


class PasswordResetStarted(Message, tag="members.PasswordResetStarted.v1"):
    """A link to set the password was made; it must reach the person by mail. Personal data: the link is a secret.

    `welcome` when it is the first password of a new account, otherwise a re-issue パスワード再発行."""

    person_id: str
    account_id: str
    link: str
    expires_at: datetime
    welcome: bool = False
    staff: bool = False  # the account has a role in the office: the link is a ladder to it


class SessionsEnded(Message, tag="members.SessionsEnded.v1"):
    """These sessions are over (logout, password change, role change): their tokens are refused from now on."""

    session_ids: tuple[str, ...]
    ended_at: datetime


class ApplicationStarted(Message, tag="members.ApplicationStarted.v1"):
    """Somebody wants to join and gave this address; the link to the form must reach it. Personal data, a secret link.

    `known`: the standing of whoever has this address already. Then there is no link, and the letter says what to do."""

    application_id: str
    email: str
    language: str
    link: str
    expires_at: datetime
    known: str = ""


class ApplicationReceived(Message, tag="members.ApplicationReceived.v1"):
    """An application is with the office: sent by the applicant, or by staff for them (`proxy` 代理申請)."""

    person_id: str
    received_at: datetime
    proxy: bool = False


class MemberAdmitted(Message, tag="members.MemberAdmitted.v1"):
    """An applicant has become a member."""

    person_id: str
    joined_on: date


class EmailChangeStarted(Message, tag="members.EmailChangeStarted.v1"):
    """Somebody wants another e-mail address; the link that confirms it must reach that one. Personal data.

    `known`: the new address is somebody's already. Then there is no link, and the letter says that nothing changes."""

    change_id: str
    person_id: str
    email: str  # the new one
    language: str
    link: str
    expires_at: datetime
    known: bool = False


class EmailChanged(Message, tag="members.EmailChanged.v1"):
    """The new address is confirmed: the old one is told, in case it was not its owner. Personal data."""

    change_id: str
    person_id: str
    name: str  # in the person's language
    before: str  # the old address
    language: str
    changed_at: datetime


class RequestMade(Message, tag="members.RequestMade.v1"):
    """A member asks the office for something 届出."""

    request_id: str
    person_id: str
    request: str  # name | leave | withdrawal
    made_at: datetime


class RequestDecided(Message, tag="members.RequestDecided.v1"):
    """The office has accepted or refused it; what it accepted is done. Personal data: the answer is free text."""

    request_id: str
    person_id: str
    request: str  # name | leave | withdrawal
    accepted: bool
    answer: str
    decided_at: datetime
    day: date | None = None  # the first of the leave, the last of the membership


class AnnouncementPublished(Message, tag="members.AnnouncementPublished.v1"):
    """An announcement is shown to members now, and the office wants them to be told by mail. Said once."""

    announcement_id: str
    title: str
    title_en: str
    categories: tuple[str, ...]  # codes; none: whatever the category
    standings: tuple[str, ...]
    published_at: datetime
