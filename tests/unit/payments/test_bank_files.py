"""Bank transfers: an account per attempt, bank files, the unidentified queue."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
import requests
from sqlalchemy.exc import IntegrityError

from services.payments import bank_files
from services.payments.attempts import expire_attempts
from services.payments.deposits import place_deposit
from services.payments.models import BankFileRow, DepositRow, PaymentRow
from shared import clock
from shared.messages.payments import DepositUnidentified, PaymentReceived, PaymentReversed, RequestExpired
from tests.unit.payments.bank import bring_in, file_of, line, number_of, start_transfer, upload
from tests.unit.payments.books import assert_books_balance
from tests.unit.payments.world import World


@pytest.mark.rule("P4")
@pytest.mark.rule("P5")
@pytest.mark.rule("P21+")
def test_transfer_at_the_sandbox_bank_pays_through_the_file_of_the_day(world: World) -> None:
    payer = world.person()
    attempt = start_transfer(world, payer, 12_000)
    number = number_of(attempt)
    page = world.as_member(payer).get(f"/payments/my/pay/{attempt.invoice_id}").text
    assert number[3:] in page and "transfer fee is yours" in page
    form = {"number": number, "amount": "12,000", "name": "やまだ たろう", "day": clock.today().isoformat()}
    assert requests.post(f"{world.url}/sandbox/bank", data=form, timeout=10).status_code == 200
    query = {"merchant": world.society, "day": clock.today().isoformat()}
    content = requests.get(f"{world.url}/sandbox/bank/statement", params=query, timeout=10).content
    assert all(len(record) == 200 for record in content.rstrip(b"\r\n").split(b"\r\n"))
    preview = upload(world, content)
    assert "Nothing is booked yet" in preview.text and not world.rows(PaymentRow)
    done = world.as_staff().post(preview.url.replace(world.url, "") + "/import")
    assert "Imported on" in done.text
    assert world.attempt(attempt.invoice_id).state == "paid"
    (said,) = world.said(PaymentReceived)
    assert (said.payment.amount, said.payment.invoice_id, said.payment.method) == (
        12_000,
        attempt.invoice_id,
        "bank_transfer",
    )
    assert "Your payment has arrived" in world.as_member(payer).get(f"/payments/my/pay/{attempt.invoice_id}").text
    assert_books_balance(world, received=12_000)


@pytest.mark.rule("P4")
def test_every_attempt_has_an_account_of_its_own(world: World) -> None:
    payer = world.person()
    numbers = {number_of(start_transfer(world, payer)) for _ in range(5)}
    assert len(numbers) == 5


@pytest.mark.rule("P5")
@pytest.mark.rule("P17")
@pytest.mark.parametrize("amount", [1, 9_999, 10_000, 10_001, 250_000])
def test_part_and_too_much_are_taken_for_the_invoice(world: World, amount: int) -> None:
    attempt = start_transfer(world, world.person())
    assert bring_in(world, line(number_of(attempt), amount)) == {"matched": 1}
    (said,) = world.said(PaymentReceived)
    assert (said.payment.amount, said.payment.invoice_id) == (amount, attempt.invoice_id)
    assert_books_balance(world, received=amount)


@pytest.mark.rule("D16")
@pytest.mark.rule("P5")
def test_same_file_twice_and_overlapping_files_count_once(world: World) -> None:
    first, second = start_transfer(world, world.person()), start_transfer(world, world.person())
    morning = [line(number_of(first)), line("", 500, "シラナイヒト"), line("", 500, "シラナイヒト")]
    evening = [*morning, line("", 500, "シラナイヒト"), line(number_of(second))]
    assert bring_in(world, *morning) == {"matched": 1, "unidentified": 2}
    again = upload(world, file_of(*morning))
    assert "Importing it again changes nothing" in again.text
    assert world.as_staff().post(again.url.replace(world.url, "") + "/import").status_code == 409
    assert bring_in(world, *evening) == {"known": 3, "unidentified": 1, "matched": 1}
    assert len(world.rows(DepositRow)) == 5
    assert_books_balance(world, received=20_000)


@pytest.mark.rule("D16")
def test_file_is_one_transaction_wherever_it_breaks_off(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    attempts = [start_transfer(world, world.person()) for _ in range(4)]
    content = file_of(*(line(number_of(attempt)) for attempt in attempts))
    with world.unit() as uow:
        file_id = bank_files.preview_file(uow, "nyukin.txt", content).id
    real = place_deposit
    for broken_at in range(4):
        calls = iter(range(4))

        def break_off(uow: object, row: DepositRow, calls: object = calls, broken_at: int = broken_at) -> None:
            if next(calls) == broken_at:  # type: ignore[call-overload]
                raise ConnectionError
            real(uow, row)  # type: ignore[arg-type]

        with monkeypatch.context() as patch, pytest.raises(ConnectionError), world.unit() as uow:
            patch.setattr(bank_files, "place_deposit", break_off)
            bank_files.import_file(uow, file_id)
        assert not world.rows(DepositRow) and not world.rows(PaymentRow) and not world.said(PaymentReceived)
    with world.unit() as uow:
        bank_files.import_file(uow, file_id)
    assert len(world.said(PaymentReceived)) == 4


@pytest.mark.rule("D16")
def test_the_database_itself_keeps_a_line_from_counting_twice(world: World) -> None:
    """Control: the unique key is what stands behind it."""
    bring_in(world, line("", 500))
    (row,) = world.rows(DepositRow)
    copy = {c.name: getattr(row, c.name) for c in DepositRow.__table__.columns if c.name != "id"}
    with pytest.raises(IntegrityError), world.unit() as uow:
        uow.add(DepositRow(**copy))


def half(content: bytes) -> bytes:
    return content[: len(content) // 2]


@pytest.mark.rule("D16")
@pytest.mark.parametrize(
    "spoil",
    [
        half,
        lambda content: b"",
        lambda content: content.replace(b"\r\n", b" \r\n", 1),
        lambda content: content.replace(b"0000010000", b"0000010001", 1),
        lambda content: (
            content[:202] + content[202:404].replace("ﾔ".encode("cp932"), "ｬ".encode("cp932")) + content[404:]
        ),
        lambda content: "これはファイルではありません".encode("cp932"),
        lambda content: b"\x00" * 600,
        lambda content: b"PK\x03\x04" + content,
    ],
    ids=["half", "empty", "length", "sums", "small kana", "text", "zeros", "zip"],
)
def test_broken_file_is_refused_with_its_lines_and_nothing_is_kept(world: World, spoil: object) -> None:
    content = spoil(file_of(line("", 10_000)))  # type: ignore[operator]
    answer = upload(world, content)
    assert answer.status_code == 422, answer.text
    assert "Please correct the input" in answer.text
    assert not world.rows(DepositRow)
    with world.look() as uow:
        assert not uow.session.query(BankFileRow).count()


@pytest.mark.rule("P5+")
@pytest.mark.rule("D9")
def test_transfer_in_time_counts_although_the_bank_reports_it_after_the_deadline(world: World) -> None:
    attempt = start_transfer(world, world.person())
    last_day = attempt.pay_until.astimezone(clock.TOKYO).date()
    with clock.travel(by=attempt.pay_until - clock.now() + timedelta(hours=20)):
        with world.unit() as uow:
            expire_attempts(uow)
        assert world.attempt(attempt.invoice_id).state == "waiting", "the hidden grace"
        assert not world.said(RequestExpired)
        assert bring_in(world, line(number_of(attempt), day=last_day)) == {"matched": 1}
    assert not world.rows(PaymentRow)[0].late


@pytest.mark.rule("P5+")
@pytest.mark.rule("P24+")
@pytest.mark.rule("D15")
def test_transfer_to_an_account_that_is_over_waits_with_a_suggestion(world: World) -> None:
    payer = world.person("山田 太郎", "ヤマダ タロウ", "A-1")
    attempt = start_transfer(world, payer)
    with clock.travel(by=timedelta(days=300)):
        with world.unit() as uow:
            expire_attempts(uow)
        assert world.attempt(attempt.invoice_id).state == "expired" and len(world.said(RequestExpired)) == 1
        assert bring_in(world, line(number_of(attempt), name="ダレカ")) == {"unidentified": 1}
        (deposit,) = world.rows(DepositRow)
        page = world.as_staff().get(f"/payments/console/deposits/{deposit.id}").text
        assert "this account number was theirs" in page and "A-1" in page
    assert not world.said(PaymentReceived) and len(world.said(DepositUnidentified)) == 1
    assert_books_balance(world, received=0)


@pytest.mark.rule("P5")
@pytest.mark.rule("D14")
def test_names_only_suggest_and_never_match(world: World) -> None:
    payer = world.person("髙橋 ショウ子", "タカハシ ショウコ", "0042")
    twin = world.person("高橋 翔子", "タカハシ ショウコ", "0043")
    world.person("鈴木", "スズキ")
    world.person("高橋 連絡", "タカハシ ショウコ", kind="contact")
    invoice = world.invoice(payer, 7_000)
    world.invoice(twin, 9_000)
    assert bring_in(world, line("", 7_000, "0042 タカハシ シヨウコ"), line("", 7_000, "タカハシシヨウコ")) == {
        "unidentified": 2
    }
    assert not world.rows(PaymentRow)
    staff = world.as_staff()
    numbered, plain = sorted(world.rows(DepositRow), key=lambda row: row.line)
    page = staff.get(f"/payments/console/deposits/{numbered.id}").text
    assert "member number" in page and page.index("0042") < page.index("0043")
    page = staff.get(f"/payments/console/deposits/{plain.id}").text
    assert "0042" in page and "0043" in page and "鈴木" not in page and "連絡" not in page
    searched = staff.get(f"/payments/console/deposits/{plain.id}?q=高橋").text
    assert "高橋 翔子" in searched and "連絡" not in searched, "a contact pays for the corporate member"
    done = staff.post(f"/payments/console/deposits/{plain.id}/assignment", {"invoice_id": invoice.id})
    assert "Payment of ¥7,000" in done.text
    (said,) = world.said(PaymentReceived)
    assert (said.payment.invoice_id, said.payment.payer_id) == (invoice.id, payer)
    assert (
        staff.post(f"/payments/console/deposits/{plain.id}/assignment", {"invoice_id": invoice.id}).status_code == 409
    )
    assert staff.post(f"/payments/console/deposits/{numbered.id}/assignment", {"payer_id": twin}).status_code == 200
    assert world.said(PaymentReceived)[1].payment.invoice_id is None, "credit of the payer"
    assert_books_balance(world, received=14_000)


@pytest.mark.rule("P5")
@pytest.mark.rule("P16")
def test_bank_takes_a_transfer_back(world: World) -> None:
    attempt = start_transfer(world, world.person())
    number = number_of(attempt)
    bring_in(world, line(number), line("", 800, "ダレカ"))
    back = [
        line(number, reversal=True),
        line("", 800, "ダレカ", reversal=True),
        line("", 333, "シラナイ", reversal=True),
    ]
    assert bring_in(world, *back) == {"reversed": 2, "unidentified": 1}
    (reversed_,) = world.said(PaymentReversed)
    assert reversed_.payment.invoice_id == attempt.invoice_id and reversed_.payment.revision == 2
    assert [row.state for row in sorted(world.rows(DepositRow), key=lambda row: (row.reversal, row.line))] == [
        "reversed",
        "reversed",
        "reversed",
        "reversed",
        "unidentified",
    ]
    lost = next(row for row in world.rows(DepositRow) if row.amount == 333)
    answer = world.as_staff().post(f"/payments/api/deposits/{lost.id}/assignment", json={"payer_id": world.person()})
    assert answer.status_code == 409
    assert_books_balance(world, received=0)


@pytest.mark.rule("P16")
def test_wrong_assignment_is_reversed_and_the_deposit_waits_again(world: World) -> None:
    right, wrong = world.person(), world.person("佐藤", "サトウ")
    bring_in(world, line("", 5_000, "ヤマダ"))
    (deposit,) = world.rows(DepositRow)
    staff = world.as_staff()
    first = staff.post(f"/payments/api/deposits/{deposit.id}/assignment", json={"payer_id": wrong}).json()
    assert staff.post(f"/payments/api/payments/{first['id']}/reversal", json={"memo": "別の会員"}).status_code == 201
    assert world.rows(DepositRow)[0].state == "unidentified"
    assert staff.post(f"/payments/api/deposits/{deposit.id}/assignment", json={"payer_id": right}).status_code == 201
    assert_books_balance(world, received=5_000)


@pytest.mark.rule("P5")
def test_two_people_assign_the_same_deposit_and_one_wins_on_postgresql(pg_world: World) -> None:
    from concurrent.futures import ThreadPoolExecutor

    people = [pg_world.person() for _ in range(6)]
    bring_in(pg_world, line("", 5_000, "ダレカ"))
    (deposit,) = pg_world.rows(DepositRow)
    staff = pg_world.as_staff()
    with ThreadPoolExecutor(6) as pool:
        url = f"/payments/api/deposits/{deposit.id}/assignment"
        answers = list(pool.map(lambda person: staff.post(url, json={"payer_id": person}).status_code, people))
    assert sorted(answers) == [201, 409, 409, 409, 409, 409]
    assert_books_balance(pg_world, received=5_000)


def test_value_date_decides_the_day_of_the_payment(world: World) -> None:
    attempt = start_transfer(world, world.person())
    today = clock.today()
    bring_in(world, line(number_of(attempt), booked_on=today, value_on=today))
    assert world.rows(PaymentRow)[0].received_on == today
    assert isinstance(world.rows(PaymentRow)[0].received_on, date)
