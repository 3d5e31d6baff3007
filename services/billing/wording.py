"""The words of invoice and receipt in Japanese and English: frozen facts in, finished texts for the layout out."""

from __future__ import annotations

from datetime import date
from typing import Any

from shared.errors import N_
from shared.japan.papers import day_on_paper, honorific
from shared.money import TaxClass
from shared.web.i18n import translate

STAMP_DUTY_FROM = 50_000  # 印紙税法別表第一17号: receipts on paper; electronic ones are free whatever the amount

METHODS = {
    "card": N_("Credit card"),
    "konbini": N_("Convenience store"),
    "bank_transfer": N_("Bank transfer"),
    "cash": N_("Cash"),
    "postal": N_("Postal transfer"),
    "other": N_("Other"),
}
RATES = {
    TaxClass.STANDARD: N_("Subject to 10%%"),
    TaxClass.REDUCED: N_("Subject to 8%% (reduced rate)"),
    TaxClass.OUT_OF_SCOPE: N_("Outside the scope of consumption tax"),
    TaxClass.EXEMPT: N_("Exempt from consumption tax"),
    TaxClass.EXPORT: N_("Export (zero rate)"),
}
LABELS = {
    "invoice": N_("Invoice"),
    "receipt": N_("Receipt"),
    "number": N_("No."),
    "issued_on": N_("Date of issue"),
    "due_on": N_("Payment due"),
    "total": N_("Total"),
    "amount_received": N_("Amount received"),
    "amount_due": N_("Amount due"),
    "tax_included": N_("tax included"),
    "details": N_("Details"),
    "amount": N_("Amount"),
    "rate": N_("Tax class"),
    "tax": N_("of which consumption tax"),
    "period": N_("Period"),
    "registration_number": N_("Registration number"),
    "member_number": N_("Member number"),
    "phone": N_("Tel."),
    "seal": N_("Seal"),
    "payments": N_("Payment"),
    "for_invoice": N_("Invoice No."),
    "reduced": N_("* marks items at the reduced rate of 8%%."),
    "reduced_mark": N_(" *"),
    "how_to_pay": N_("How to pay"),
}
MARKS = {"again": N_("Re-issued"), "copy": N_("Office copy"), "void": N_("Void")}


def wording_for(
    paper: str, facts: dict[str, Any], language: str, *, mark: str | None = None, pay_at: str = ""
) -> dict[str, Any]:
    """What the layouts print: every text in the language, every amount and date written out."""

    def say(text: str, **params: Any) -> str:
        return translate(text, params or {"": ""}, language, package="services.billing")

    def day(text: str | None) -> str:
        return day_on_paper(date.fromisoformat(text), language) if text else ""

    english = language == "en"
    title = facts["title_en"] if english else facts["title"]
    return {
        "language": language,
        "t": {name: say(text) for name, text in LABELS.items()},
        "mark": say(MARKS[mark]) if mark else "",
        "number": facts["number"],
        "issued_on": day(facts["issued_on"]),
        "due_on": day(facts.get("due_on")),
        "title": title,
        "total": yen(facts["total"]),
        "society": {**facts["society"], "name": facts["society"]["name_en"] if english else facts["society"]["name"]},
        "addressee": _addressee(facts["addressee"], language),
        "period": " – ".join(day(each) for each in facts["period"]) if facts["period"] else "",
        "lines": [_line(line, english) for line in facts["lines"]],
        "rates": [
            {
                "name": say(RATES[TaxClass(rate["tax_class"])]),
                "total": yen(rate["total"]),
                "tax": yen(rate["tax"]) if rate["percent"] else "",
            }
            for rate in facts["rates"]
        ],
        "taxed": any(rate["percent"] for rate in facts["rates"]),
        "has_reduced": any(line["tax_class"] == TaxClass.REDUCED for line in facts["lines"]),
        "payments": [
            {
                "method": say(METHODS.get(each["method"], METHODS["other"])),
                "on": day(each["received_on"]),
                "amount": yen(each["amount"]),
            }
            for each in facts.get("payments", ())
        ],
        "invoice_number": facts.get("invoice_number") or "",
        "sentence": _sentence(paper, facts, title, say),
        "notes": _notes(paper, facts, say, pay_at),
    }


def yen(amount: int) -> str:
    return f"{'−' if amount < 0 else ''}¥{abs(amount):,}"


def _addressee(facts: dict[str, Any], language: str) -> dict[str, Any]:
    return {
        **facts,
        "name": facts["name_en"] if language == "en" else facts["name"],
        "honorific": honorific(language, corporate=facts["corporate"]) if facts["name"] else "",
    }


def _line(line: dict[str, Any], english: bool) -> dict[str, Any]:
    title = (line.get("title_en") or line["title"]) if english else line["title"]
    return {"title": title, "amount": yen(line["amount"]), "reduced": line["tax_class"] == TaxClass.REDUCED}


def _sentence(paper: str, facts: dict[str, Any], title: str, say: Any) -> str:
    if paper == "receipt":
        return str(say(N_("Received with thanks for: %(title)s"), title=title))
    if not facts["total"]:
        return str(say(N_("%(title)s: nothing is due."), title=title))
    return str(say(N_("We request payment for: %(title)s"), title=title))


def _notes(paper: str, facts: dict[str, Any], say: Any, pay_at: str) -> list[str]:
    if paper == "receipt":
        return (
            [say(N_("Issued electronically: no revenue stamp is needed."))] if facts["total"] >= STAMP_DUTY_FROM else []
        )
    if not facts["total"]:
        return []
    return [
        say(
            N_("Please choose how to pay (card, convenience store or bank transfer) on My Page: %(address)s"),
            address=pay_at,
        ),
        say(N_("Transfer fees are borne by the payer. Please quote the invoice number with questions.")),
    ]
