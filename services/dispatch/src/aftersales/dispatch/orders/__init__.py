"""Work orders: who is sent, and when."""
