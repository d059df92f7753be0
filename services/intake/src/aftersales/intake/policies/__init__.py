"""Service policies: checked, published, explained (ALL-1)."""
