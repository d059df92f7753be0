"""State and rules of the archive. Pure."""
