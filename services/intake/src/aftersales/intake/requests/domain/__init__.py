"""State and rules of requests: pure."""
