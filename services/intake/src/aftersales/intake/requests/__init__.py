"""Service requests from registration to their end (INT-1, INT-2, INT-5 to INT-8, INT-10)."""
