"""State and rules of the office: pure."""
