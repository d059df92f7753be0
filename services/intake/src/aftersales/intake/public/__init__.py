"""The public page: one's own request, complaints (INT-11)."""
