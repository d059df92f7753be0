"""All that was written to us and by us, by month and year, customer or product line (INT-16)."""
