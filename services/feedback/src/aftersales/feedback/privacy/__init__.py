"""Personal data of customers in this service (ALL-6)."""
