"""Inventory: parts, stock, reservations, issue slips, and the ledger of every movement."""
