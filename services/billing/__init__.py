"""Billing owns what is owed: fees, runs, invoices, the allocation of payments, credit and receipts."""
