"""State and rules of the archive: pure."""
