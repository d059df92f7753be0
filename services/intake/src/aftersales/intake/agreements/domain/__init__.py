"""State and rules of contracts and entitlements. Pure."""
