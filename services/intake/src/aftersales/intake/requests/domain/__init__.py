"""State and rules of requests. Pure."""
