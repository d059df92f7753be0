"""Customers and how they are reached, products with their warranty cards, models, merges, search (INT-3)."""
