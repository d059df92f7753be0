"""Recalls and upgrades (INT-4), with the affected products and their progress."""
