"""The sandbox provider: an app of its own that plays a payment provider, its stores, its bank and its card pages.

It shares no table and no memory with payments: HTTP calls in, signed notices out, as with a real one."""
