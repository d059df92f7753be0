"""Service policies: check, publish and explain them (ALL-1)."""
