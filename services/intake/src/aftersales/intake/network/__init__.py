"""Branches, people, roles and the escalation chain (ALL-2, ALL-8)."""
