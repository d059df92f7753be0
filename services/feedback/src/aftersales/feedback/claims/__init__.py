"""Claims for compensation, where a guaranteed repair did not hold (INT-9)."""
