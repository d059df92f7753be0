"""Recalls and upgrades (INT-4): what is affected, and what becomes of each product."""
