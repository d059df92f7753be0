"""Branches, people, roles, and the chain that a matter climbs (ALL-2, ALL-8)."""
