"""What desks, services and the clock do with requests."""
