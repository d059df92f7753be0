"""Inventory: parts. Stock, reservations, issue slips, and the ledger of every movement."""
