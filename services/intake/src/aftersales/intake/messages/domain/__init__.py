"""Rules: who is told what, on which channel and when."""
