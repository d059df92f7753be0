"""Work orders: the technician and the time of each visit."""
