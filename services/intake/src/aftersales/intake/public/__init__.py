"""The public page, with look-ups of own requests and complaints (INT-11)."""
