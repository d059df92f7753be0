"""Callbacks after a repair."""
