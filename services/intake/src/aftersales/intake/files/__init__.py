"""Photos and files: received, recognised, given out (INT-2)."""
