"""What can go wrong when servers are started on this machine; the texts are for the operator at the terminal."""

from __future__ import annotations


class StackError(RuntimeError):
    """The stack, or one of its servers, cannot do what was asked."""


class ServerMissing(StackError):
    """A server program (or the account that it should run as) is not installed here."""


class NotReady(StackError):
    """A process ended, or did not answer, before its deadline."""
