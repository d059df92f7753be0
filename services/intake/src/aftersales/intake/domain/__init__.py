"""State and rules of intake: pure, no I/O, no clock."""
