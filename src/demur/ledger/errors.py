"""What the ledger refuses, and why."""

from __future__ import annotations


class LedgerError(ValueError):
    """The ledger cannot do what was asked, or what it was shown is wrong; the message ends with a hint."""


class BehindError(LedgerError):
    """The database knows less than what was already signed: a backup was restored. Signing on would fork the log."""


class ForkError(LedgerError):
    """Two signed trees of one log contradict each other."""
