"""Goods received."""
