"""Visits: a technician's steps, from the offer to the signed report."""
