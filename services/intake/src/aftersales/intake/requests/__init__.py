"""Service requests from the form to the end (INT-1, INT-2, INT-5 to INT-8, INT-10)."""
