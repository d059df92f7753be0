"""Rules of erasure, and the table of personal data."""
