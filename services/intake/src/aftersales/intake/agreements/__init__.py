"""Contracts (INT-13) and what comes with a purchase (INT-14)."""
