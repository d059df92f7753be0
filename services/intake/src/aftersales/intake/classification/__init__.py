"""Suggestions of what a contact is about, from its words (INT-4)."""
