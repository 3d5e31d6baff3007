"""Which facts cause letters, once each, in the recipient's language."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from services.notifications.letters import resend_letter
from services.notifications.rendering import LANGUAGES, kinds
from services.notifications.sending import send_due
from shared import clock
from shared.bus import inbox
from shared.errors import NotFound
from shared.ids import new_id
from shared.messages.billing import CreditChanged, InvoiceCancelled, InvoiceChanged, InvoiceCreated, InvoicePaid
from shared.messages.events import Event, EventPublished, RegistrationCancelled, RegistrationConfirmed
from shared.messages.members import ApplicationReceived, MemberAdmitted, PersonChanged, RequestDecided, RequestMade
from shared.messages.payments import DepositUnidentified, RequestExpired
from shared.service import RunningService
from tests.unit.notifications.conftest import letters
from tests.unit.notifications.facts import (
    OTHER,
    SOCIETY,
    announcement,
    application,
    bank,
    changed,
    email_changed,
    invoice,
    konbini,
    new_email,
    password_link,
    person,
    receipt,
    registration,
    tell,
    tell_invoice,
    tell_person,
)


@pytest.mark.rule("B10")
@pytest.mark.rule("P24")
def test_money_paid_too_much_is_told_and_a_used_up_credit_is_not(running: RunningService) -> None:
    who = tell_person(running)
    for revision, balance in ((1, 5_000), (2, 0)):
        tell(running, CreditChanged(payer_id=who.id, balance=balance, revision=revision, changed_at=clock.now()))
    send_due(running)
    (letter,) = letters(running)
    assert letter.kind == "credit-changed" and "5,000円" in (letter.text or "")


@pytest.mark.rule("N1")
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_kind_of_letter_is_written_in_both_languages(running: RunningService, language: str) -> None:
    who = tell_person(running, language=language)
    bill = tell_invoice(running, who.id)
    seat = registration(who.id)
    tell(running, password_link(who.id), password_link(who.id, welcome=True))
    tell(
        running, konbini(bill), bank(bill), konbini(bill, chain="seven_eleven", slip_url="https://pay.example.org/s/1")
    )
    tell(
        running,
        RequestExpired(
            request_id=new_id(), invoice_id=bill.id, payer_id=who.id, method="konbini", expired_at=datetime.now(UTC)
        ),
    )
    tell(running, receipt(who.id))
    tell(running, CreditChanged(payer_id=who.id, balance=5_000, revision=1, changed_at=clock.now()))
    tell(running, RegistrationConfirmed(registration=seat, confirmed_at=datetime.now(UTC)))
    tell(running, RegistrationCancelled(registration=seat))
    tell(running, DepositUnidentified(deposit_id=new_id(), amount=3_000, value_date=date(2026, 5, 1)))
    tell(running, application(language=language), application(language=language, known="active"))
    tell(running, new_email(language=language), new_email(language=language, known=True), email_changed(language))
    tell(running, ApplicationReceived(person_id=who.id, received_at=datetime.now(UTC)))
    tell(running, MemberAdmitted(person_id=who.id, joined_on=date(2026, 5, 1)))
    tell(running, RequestMade(request_id=new_id(), person_id=who.id, request="leave", made_at=datetime.now(UTC)))
    tell(running, decision(who.id, accepted=True))
    tell(running, announcement())
    send_due(running)
    written = letters(running)
    assert {letter.kind for letter in written} == set(kinds())
    for letter in written:
        assert (letter.state, letter.delivery) == ("sent", "in-app mailbox"), letter.kind
        assert letter.subject and letter.text and "{{" not in letter.text
        if letter.kind in ("application-link", "application-known"):
            assert ("入会申込者 様" if language == "ja" else "Dear applicant,") in letter.text
        elif letter.kind in ("email-link", "email-known"):
            assert ("ご利用者 様" if language == "ja" else "Dear Sir or Madam,") in letter.text
            assert "髙橋" not in letter.text and "Takahashi" not in letter.text, "whoever asked may be anybody"
        elif letter.kind == "email-changed":
            assert ("髙橋 花子 様" if language == "ja" else "Dear Hanako Takahashi,") in letter.text
        elif letter.person_id is None:
            assert "日本集い学会事務局 御中" in letter.text
        elif language == "ja":
            assert "髙橋 花子 様" in letter.text and "日本集い学会　事務局" in letter.text
        else:
            assert "Dear Hanako Takahashi," in letter.text and "Tsudoi Society of Japan, Secretariat" in letter.text
            assert letter.text.isascii() or letter.kind == "instructions-bank" or "東京都" in letter.text


@pytest.mark.rule("N1")
@pytest.mark.rule("M1")
def test_an_address_that_nobody_has_is_sent_its_link_and_nothing_else(running: RunningService) -> None:
    new, known = application(), application(known="active", email="known@example.org")
    tell(running, new)
    tell(running, new, known)
    send_due(running)
    link, answer = letters(running)
    assert (link.address, link.kind) == ("shinsei@example.org", "application-link")
    assert f"\n{new.link}\n" in (link.text or ""), "alone on its line (N5)"
    assert (answer.address, answer.kind) == ("known@example.org", "application-known")
    assert "/members/apply/" not in (answer.text or "")


@pytest.mark.rule("N1")
@pytest.mark.rule("M12")
def test_the_new_address_is_sent_the_link_and_the_old_one_is_told(running: RunningService) -> None:
    who = tell_person(running)
    change = new_email(person_id=who.id)
    tell(running, change, email_changed(person_id=who.id))
    tell(running, change)
    send_due(running)
    link, warning = letters(running)
    assert (link.address, link.kind) == ("new@example.org", "email-link")
    assert f"\n{change.link}\n" in (link.text or ""), "alone on its line (N5)"
    assert (warning.address, warning.kind) == ("hanako@example.org", "email-changed")
    assert "new@example.org" not in (warning.text or "")


def decision(person_id: str, *, accepted: bool, answer: str = "") -> RequestDecided:
    return RequestDecided(
        request_id=new_id(),
        person_id=person_id,
        request="withdrawal",
        accepted=accepted,
        answer=answer,
        decided_at=datetime.now(UTC),
        day=date(2027, 3, 31) if accepted else None,
    )


@pytest.mark.rule("N1")
@pytest.mark.rule("M13+")
@pytest.mark.parametrize(("accepted", "words"), [(True, "退会予定日：2027年3月31日"), (False, "受理できませんでした")])
def test_the_decision_on_a_request_is_told_with_its_reason(running: RunningService, accepted: bool, words: str) -> None:
    who = tell_person(running)
    told = decision(who.id, accepted=accepted, answer="年度末に\nお願いします")
    tell(running, told)
    tell(running, told)
    send_due(running)
    (letter,) = letters(running)
    assert words in (letter.text or "") and "年度末に お願いします" in (letter.text or "")
    assert "退会" in (letter.subject or "")


@pytest.mark.rule("M3")
@pytest.mark.parametrize(
    ("known", "words"), [("active", "すでにご登録"), ("applying", "お預かり"), ("left", "事務局までご連絡")]
)
def test_whoever_is_known_is_told_what_to_do(running: RunningService, known: str, words: str) -> None:
    tell(running, application(known=known))
    send_due(running)
    (letter,) = letters(running)
    assert words in (letter.text or "")


@pytest.mark.rule("M2")
@pytest.mark.rule("M4")
def test_the_office_hears_of_an_application_that_it_did_not_write_itself(running: RunningService) -> None:
    own, by_proxy = tell_person(running), tell_person(running, email="d@example.org")
    tell(running, ApplicationReceived(person_id=own.id, received_at=datetime.now(UTC)))
    tell(running, ApplicationReceived(person_id=by_proxy.id, received_at=datetime.now(UTC), proxy=True))
    send_due(running)
    assert sorted((letter.kind, letter.address) for letter in letters(running)) == [
        ("application-arrived", "office@gakkai.example.org"),
        ("application-received", "d@example.org"),
        ("application-received", "hanako@example.org"),
    ]


@pytest.mark.rule("I8")
def test_a_fact_that_comes_twice_causes_one_letter(running: RunningService) -> None:
    who = tell_person(running)
    bill = invoice(who.id)
    envelopes = tell(running, InvoiceCreated(invoice=bill), InvoiceCreated(invoice=bill))
    inbox.receive(running, envelopes)
    tell(running, InvoiceCreated(invoice=bill))  # the same fact in a new envelope: a replay
    link = password_link(who.id)
    tell(running, link)
    tell(running, link)
    assert sorted(letter.kind for letter in letters(running)) == ["invoice-created", "password-reset"]


@pytest.mark.rule("I8")
def test_a_second_password_link_is_a_second_letter(running: RunningService) -> None:
    who = tell_person(running)
    first, second = password_link(who.id), password_link(who.id)
    tell(running, first)
    tell(running, second)
    send_due(running)
    assert [
        link.link in (letter.text or "") for link, letter in zip((first, second), letters(running), strict=True)
    ] == [True, True]


@pytest.mark.rule("N1")
def test_an_invoice_without_anything_to_pay_causes_no_letter(running: RunningService) -> None:
    who = tell_person(running)
    tell_invoice(running, who.id, total=0, due=0, state="nothing_due")
    assert not letters(running)


@pytest.mark.rule("F4")
@pytest.mark.parametrize("early", [True, False], ids=["the change comes first", "the change comes after"])
@pytest.mark.parametrize("state", ["paid", "cancelled"])
def test_no_letter_asks_for_what_was_paid_or_cancelled_meanwhile(
    running: RunningService, state: str, early: bool
) -> None:
    who = tell_person(running)
    bill = invoice(who.id)
    settled = changed(bill, state=state, due=0)
    change = (
        InvoicePaid(invoice=settled, paid_on=date(2026, 5, 1)) if state == "paid" else InvoiceCancelled(invoice=settled)
    )
    if early:
        tell(running, change)
    tell(running, InvoiceCreated(invoice=bill))
    tell(running, konbini(bill))
    if not early:
        tell(running, change)
    send_due(running)
    assert {(letter.kind, letter.state) for letter in letters(running)} == {
        ("invoice-created", "cancelled"),
        ("instructions-konbini", "cancelled"),
    }


@pytest.mark.rule("F4")
def test_a_letter_says_what_is_due_when_it_goes_out(running: RunningService) -> None:
    who = tell_person(running)
    bill = tell_invoice(running, who.id)
    newest = changed(changed(bill, paid=4_000, due=6_000, state="part_paid"), title="2026年度年会費（変更後）")
    older = changed(bill, title="古い題名")
    tell(running, InvoiceChanged(invoice=newest))
    tell(running, InvoiceChanged(invoice=older))
    send_due(running)
    (letter,) = letters(running)
    assert "残額　　　：6,000円" in (letter.text or "") and "（変更後）" in (letter.subject or "")


@pytest.mark.parametrize(
    ("language", "words"),
    [("ja", ("2026年9月1日～2026年9月2日", "集い会館")), ("en", ("1 September 2026 to", "Tsudoi Hall"))],
)
def test_a_confirmation_says_when_and_where(running: RunningService, language: str, words: tuple[str, str]) -> None:
    who = tell_person(running, language=language)
    seat = registration(who.id)
    event = Event(
        id=seat.event_id,
        revision=1,
        title="年次大会2026",
        title_en="Annual Meeting 2026",
        starts_on=date(2026, 9, 1),
        ends_on=date(2026, 9, 2),
        venue="集い会館",
        venue_en="Tsudoi Hall",
    )
    tell(running, EventPublished(event=event))
    tell(running, RegistrationConfirmed(registration=seat, confirmed_at=datetime.now(UTC)))
    send_due(running)
    (letter,) = letters(running)
    assert all(each in (letter.text or "") for each in words)


def test_a_letter_waits_for_its_recipient_to_become_known(running: RunningService) -> None:
    late = person()
    tell(running, password_link(late.id))
    send_due(running)
    (letter,) = letters(running)
    assert (letter.state, letter.text, letter.attempts) == ("queued", None, 0)
    tell(running, PersonChanged(person=late))
    with clock.travel(by=timedelta(minutes=1)):
        send_due(running)
    (letter,) = letters(running)
    assert (letter.state, letter.address) == ("sent", "hanako@example.org")


@pytest.mark.parametrize(
    ("address", "why"),
    [("", "no e-mail address"), ("ひらがな@例え.jp", "not usable"), ("a@b\r\nBcc: x@y", "not usable")],
)
def test_a_person_without_a_usable_address_gets_nothing_and_staff_see_why(
    running: RunningService, address: str, why: str
) -> None:
    who = tell_person(running, email=address)
    tell(running, password_link(who.id))
    send_due(running)
    (letter,) = letters(running)
    assert letter.state == "failed" and why in (letter.delivery or "")


@pytest.mark.rule("O3")
def test_letters_of_another_society_are_not_there(running: RunningService) -> None:
    who = tell_person(running)
    tell_invoice(running, who.id)
    assert len(letters(running, SOCIETY)) == 1 and not letters(running, OTHER)
    with pytest.raises(NotFound), running.unit(OTHER) as uow:
        resend_letter(uow, letters(running)[0].id)
