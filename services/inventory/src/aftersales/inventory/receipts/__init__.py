"""Goods that come in."""
