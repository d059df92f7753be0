"""Use cases of requests, called by desks, events and timers."""
