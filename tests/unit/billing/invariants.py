"""What must be true of billing's tables whatever happened (RELIABILITY, I3, I5, I6, I12), asked in plain SQL."""

from __future__ import annotations

from tests.unit.billing.office import Office

BROKEN = {
    "I3: payments are allocations and credit": """
        SELECT (SELECT coalesce(sum(amount), 0) FROM payments WHERE state = 'received')
             - (SELECT coalesce(sum(amount), 0) FROM allocations)
             - (SELECT coalesce(sum(balance), 0) FROM credits)""",
    "I3: no payment is allocated beyond its amount, or below nothing": """
        SELECT count(*) FROM (
          SELECT p.id FROM payments p JOIN allocations a ON a.payment_id = p.id
          GROUP BY p.id, p.amount, p.state
          HAVING sum(a.amount) > CASE p.state WHEN 'received' THEN p.amount ELSE 0 END OR sum(a.amount) < 0) AS x""",
    "I3: no invoice is paid beyond its total": "SELECT count(*) FROM invoices WHERE paid > total OR paid < 0",
    "I5: one live annual invoice a year": """
        SELECT count(*) FROM (
          SELECT 1 FROM invoices WHERE kind = 'annual' AND state <> 'cancelled'
          GROUP BY society_id, payer_id, fiscal_year HAVING count(*) > 1) AS x""",
    "I6: what is paid is what is allocated": """
        SELECT count(*) FROM invoices i
        WHERE paid <> (SELECT coalesce(sum(amount), 0) FROM allocations WHERE invoice_id = i.id)""",
    "I6: the state follows from it": """
        SELECT count(*) FROM invoices WHERE state NOT IN ('draft', 'cancelled') AND state <>
          CASE WHEN total = 0 THEN 'nothing_due' WHEN paid = 0 THEN 'unpaid' WHEN paid < total THEN 'part_paid'
               ELSE 'paid' END""",
    "a cancelled or drafted invoice holds no money": """
        SELECT count(*) FROM invoices WHERE state IN ('draft', 'cancelled') AND paid <> 0""",
    "each paid invoice has one valid receipt, and no other has one": """
        SELECT count(*) FROM invoices i WHERE
          (SELECT count(*) FROM receipts r WHERE r.invoice_id = i.id AND r.voided_at IS NULL)
          <> CASE i.state WHEN 'paid' THEN 1 ELSE 0 END""",
    "I12: numbers of invoices have no gaps": """
        SELECT (SELECT coalesce(sum(last), 0) FROM document_sequences WHERE kind = 'invoice')
             - (SELECT count(DISTINCT number) FROM invoices WHERE number IS NOT NULL)""",
    "I12: numbers of receipts have no gaps": """
        SELECT (SELECT coalesce(sum(last), 0) FROM document_sequences WHERE kind = 'receipt')
             - (SELECT count(DISTINCT number) FROM receipts)""",
}


def check(office: Office) -> None:
    assert {name: found for name, statement in BROKEN.items() if (found := office.scalar(statement))} == {}
