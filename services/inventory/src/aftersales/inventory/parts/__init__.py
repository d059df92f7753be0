"""The part master."""
