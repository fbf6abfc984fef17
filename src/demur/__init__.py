"""Demur: every government demand for a customer's data, challenged wherever there is a lawful basis."""

__version__ = "0.1.0"
