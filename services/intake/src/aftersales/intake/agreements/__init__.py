"""Contracts (INT-13) and entitlements that come with a purchase (INT-14)."""
