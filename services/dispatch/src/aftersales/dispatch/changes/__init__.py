"""Changes agreed during an order: another time, waits, a customer who was not reached."""
