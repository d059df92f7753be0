"""State and rules of the office. Pure."""
