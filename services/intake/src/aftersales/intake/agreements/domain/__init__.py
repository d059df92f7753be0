"""State and rules of contracts and entitlements: pure."""
