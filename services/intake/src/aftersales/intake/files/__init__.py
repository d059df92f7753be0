"""Customers' photos and files (INT-2)."""
