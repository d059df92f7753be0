"""Personal data of customers (ALL-6): where it is stored, and how it is exported and erased."""
