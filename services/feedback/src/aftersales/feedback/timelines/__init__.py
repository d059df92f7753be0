"""A request's way through all services."""
