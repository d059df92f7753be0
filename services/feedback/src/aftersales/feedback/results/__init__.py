"""Results of cases, handed to the department concerned (四个不漏)."""
