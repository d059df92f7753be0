"""Customers and their contact points, products with warranty cards, models, merges and search (INT-3)."""
