"""What payers do: choose a way, go to the provider, to the store or to the bank; and how the office takes a file in."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from playwright.sync_api import FilePayload, expect

from tests.journeys.browser import Window

GOOD_CARD = "4242 4242 4242 4242"


def choose(payer: Window, method: str, chain: str = "") -> str:
    """From My Page to the confirmation of a way to pay and past it; gives back the address of the payment page."""
    payer.go("/members/my/").main.locator("a[href^='/payments/my/pay/']").first.click()
    page = payer.path
    payer.main.locator(
        f"a[href*='method={method}'][href*='chain={chain}']" if chain else f"a[href*='method={method}']"
    ).click()
    expect(payer.page.locator("input[name=method]")).to_have_value(method)
    payer.page.locator("main form .form-actions button").click()
    return page


def enter_card(payer: Window, number: str = GOOD_CARD, *, passes: bool = True, pictures: str = "") -> None:
    """On the provider's pages: enter → confirm → send → 3-D Secure → back."""
    expect(payer.page).to_have_url(re.compile("/sandbox/card/"))
    payer.page.fill("input[name=number]", number)
    if pictures:
        payer.shot(f"{pictures}a-card-at-the-provider")
    payer.page.click("button.main")
    if pictures:
        payer.shot(f"{pictures}b-card-confirm")
    payer.page.click("button.main")
    expect(payer.page.locator("button[value=pass]")).to_be_visible()
    if pictures:
        payer.shot(f"{pictures}c-3d-secure")
    payer.page.click(f"button[value={'pass' if passes else 'fail'}]")
    expect(payer.page).to_have_url(re.compile("/payments/my/pay/"))


def told(payer: Window) -> list[str]:
    """The facts of the instructions: numbers, amount, deadline."""
    facts = payer.main.locator(".facts-strong dd")
    expect(facts.first).to_be_visible()
    return [text.strip() for text in facts.all_inner_texts()]


def account_told(payer: Window) -> str:
    """The ten digits of the account (branch and number), from what the page says."""
    _bank, branch, account, *_ = told(payer)
    return "".join([*re.findall(r"\((\d{3})\)", branch), *re.findall(r"\d{7}", account)])


def pay_at_the_counter(clerk: Window, number: str, confirmation: str = "") -> None:
    """The sandbox's store counter: the number is typed and paid."""
    clerk.go("/sandbox/store")
    clerk.page.fill("input[name=number]", number)
    clerk.page.fill("input[name=confirmation]", confirmation)
    clerk.page.click("button.main")
    clerk.page.click("button[name=action][value=pay]")
    expect(clerk.main.locator(".good")).to_be_visible()


def transfer(clerk: Window, *, number: str = "", amount: int, name: str) -> None:
    """The sandbox's bank: money arrives on an account."""
    clerk.go("/sandbox/bank")
    clerk.page.fill("input[name=number]", number)
    clerk.page.fill("input[name=amount]", str(amount))
    clerk.page.fill("input[name=name]", name)
    clerk.page.click("button.main")
    expect(clerk.main.locator("section.card").last).to_contain_text(f"{amount:,}")


def days_bank_file(clerk: Window) -> bytes:
    """The day's notice of money received, in the Zengin format."""
    clerk.go("/sandbox/bank")
    return clerk.download(clerk.main.locator("a[href^='/sandbox/bank/statement']").first)


def take_in_bank_file(office: Window, content: bytes, pictures: str = "") -> None:
    """Upload in the console, look at it, import it."""
    office.go("/payments/console/bank-files")
    office.page.set_input_files(
        "input[type=file]", {"name": "furikomi.txt", "mimeType": "text/plain", "buffer": content}
    )
    office.page.locator("main form .form-actions button").click()
    import_button = office.main.locator("form[action$='/import'] button")
    expect(import_button).to_be_visible()
    if pictures:
        office.shot(f"{pictures}a-bank-file-preview")
    import_button.click()
    expect(import_button).to_have_count(0)
    expect(office.main.locator(".alert-good")).to_be_visible()
    if pictures:
        office.shot(f"{pictures}b-bank-file-imported")


def read_bank_file(office: Window, content: bytes) -> None:
    """Upload it in the console; nothing is booked by that."""
    office.go("/payments/console/bank-files")
    file = FilePayload(name="furikomi.txt", mimeType="text/plain", buffer=content)
    office.page.set_input_files("input[type=file]", file)
    office.page.locator("main form .form-actions button").click()


def expect_paid(payer: Window, pay_page: str) -> None:
    """The payment page says so, by itself if it stands open."""
    if payer.path != pay_page:
        payer.go(pay_page)
    expect(payer.main.locator("a[href='/billing/my/invoices']")).to_be_visible()
    expect(payer.main.locator(".alert-good")).to_be_visible()


def invoice_id(pay_page: str) -> str:
    return urlsplit(pay_page).path.rsplit("/", 1)[-1]
