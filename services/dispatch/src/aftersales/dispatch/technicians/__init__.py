"""Technicians who can be sent."""
