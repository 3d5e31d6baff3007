"""What people do in the model: each function is one real use-case in one unit of work, as a page would call it."""

from __future__ import annotations

from collections.abc import Sequence

from services.billing import allocation, invoices, runs
from services.events import registrations
from services.members import members
from services.payments import asking, attempts, offline, payments
from services.payments.settings import PaymentSettings
from tests.faults.books import id_of
from tests.model.quick_books import QuickBooks
from tests.model.world import SOCIETY, World, bill

ACCOUNT = "019f0000-0000-7000-8000-0000000000aa"  # the login of whoever pays


class Nothing(Exception):
    """There is nothing yet to do this with: no step was made."""


class Business:
    """Numbers choose among what there is, around the clock: any number is good, so that failures shrink well."""

    def __init__(self, world: World, books: QuickBooks) -> None:
        self._world, self._books = world, books

    # billing

    def issue_invoice(self, person: int, amount: int) -> None:
        with self._world.services["billing"].unit(SOCIETY) as uow:
            bill(uow, self._person(person), amount)

    def start_run(self, year: int) -> None:
        with self._world.services["billing"].unit(SOCIETY) as uow:
            start = uow.today.replace(year=year, month=4, day=1)
            run = runs.plan_run(
                uow, name=f"{year}年度", fiscal_year=year, charge_start=start, due_on=start.replace(month=6)
            )
            runs.start_run(uow, run.id)

    def end_run(self, number: int, *, cancel: bool) -> None:
        run = self._chosen("billing", "SELECT id FROM runs ORDER BY id", number)
        with self._world.services["billing"].unit(SOCIETY) as uow:
            (runs.cancel_run if cancel else runs.confirm_run)(uow, run)

    def use_credit(self, number: int) -> None:
        invoice = self._invoice(number)
        with self._world.services["billing"].unit(SOCIETY) as uow:
            allocation.use_credit(uow, invoice)

    def cancel_invoice(self, number: int) -> None:
        invoice = self._invoice(number)
        with self._world.services["billing"].unit(SOCIETY) as uow:
            invoices.cancel_invoices(uow, [invoice])

    # payments

    def receive_cash(self, number: int, share: int, key: int) -> None:
        """For an invoice that payments knows, `share` per cent of what is due there; with a key that was used before,
        the same form is sent again."""
        invoice = self._asked(number)
        query = "SELECT due FROM requests WHERE invoice_id = :id"
        due = int(self._books.one("payments", query, id=invoice.replace("-", "")))
        self._receive([offline.Part(max(1, (due or 100) * share // 100), invoice_id=invoice)], key)

    def receive_for_nothing(self, person: int, amount: int, key: int) -> None:
        self._receive([offline.Part(amount, payer_id=self._person(person))], key)

    def take_back(self, number: int) -> None:
        payment = self._chosen("payments", "SELECT id FROM payments ORDER BY id", number)
        with self._world.services["payments"].unit(SOCIETY) as uow:
            payments.reverse_payment(uow, payment, "記帳誤り")

    def choose_method(self, number: int, method: str, mood: str) -> None:
        """The payer chooses; the provider is asked after the commit."""
        self._world.till.mood = mood
        invoice = self._asked(number)
        running = self._world.services["payments"]
        assert isinstance(running.settings, PaymentSettings)
        with running.unit(SOCIETY) as uow:
            attempt = attempts.start_attempt(
                uow,
                invoice,
                payer_id=self._payer(invoice),
                account_id=ACCOUNT,
                method=method,
                chain="lawson" if method == "konbini" else None,
                settings=running.settings,
            ).id
        asking.submit(running, SOCIETY, attempt)

    def change_mind(self, number: int, mood: str) -> None:
        self._world.till.mood = mood
        invoice = self._asked(number)
        running = self._world.services["payments"]
        with running.unit(SOCIETY) as uow:
            attempt = attempts.cancel_attempt(uow, invoice, payer_id=self._payer(invoice)).id
        asking.void(running, SOCIETY, attempt)

    def at_the_till(self, number: int, what: str) -> None:
        charges = self._world.till.charges()
        if not charges:
            raise Nothing
        self._world.till.happen(charges[-1 - number % len(charges)].id, what)

    def tell(self, number: int, *, answer_lost: bool, again: bool) -> None:
        """The provider sends a notice that it owes, or one that it has sent before."""
        till = self._world.till
        numbers = till.told() if again else till.owed()
        if not numbers:
            raise Nothing
        chosen = numbers[-1 - number % len(numbers)]
        till.notify(self._world.services["payments"], SOCIETY, chosen, answer_lost=answer_lost)

    # events, members

    def register(self, event: int, person: int) -> None:
        with self._world.services["events"].unit(SOCIETY) as uow:
            registrations.register(uow, self._world.events[event % len(self._world.events)], self._person(person))

    def cancel_registration(self, number: int) -> None:
        registration = self._chosen("events", "SELECT id FROM registrations ORDER BY id", number)
        with self._world.services["events"].unit(SOCIETY) as uow:
            registrations.cancel_registration(uow, registration)

    def change_person(self, person: int, email: int) -> None:
        with self._world.services["members"].unit(SOCIETY) as uow:
            members.change_member(uow, self._person(person), {"email": f"m{person}-{email}@example.org"})

    # choosing

    def _receive(self, parts: Sequence[offline.Part], key: int) -> None:
        with self._world.services["payments"].unit(SOCIETY) as uow:
            offline.record_offline(uow, method="cash", received_on=uow.today, parts=parts, entry_key=f"form-{key}")

    def _person(self, number: int) -> str:
        return self._world.people[number % len(self._world.people)]

    def _invoice(self, number: int) -> str:
        return self._chosen("billing", "SELECT id FROM invoices WHERE number IS NOT NULL ORDER BY id", number)

    def _asked(self, number: int) -> str:
        return self._chosen("payments", "SELECT invoice_id FROM requests ORDER BY id", number)

    def _payer(self, invoice: str) -> str:
        query = "SELECT payer_id FROM requests WHERE invoice_id = :id"
        return id_of(self._books.one("payments", query, id=invoice.replace("-", "")))

    def _chosen(self, database: str, query: str, number: int) -> str:
        """Low numbers are the newest: what was just made is what most is done with."""
        rows = self._books.rows(database, query)
        if not rows:
            raise Nothing
        return id_of(rows[-1 - number % len(rows)][0])
