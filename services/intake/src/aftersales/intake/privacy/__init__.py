"""Export and erasure of all that is stored about a customer, with the proof (ALL-6)."""
