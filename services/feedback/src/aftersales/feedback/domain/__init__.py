"""State and rules of feedback: pure, no I/O, no clock."""
