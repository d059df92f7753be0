"""Complaints from the public page, and what customers see of their own requests. Pure."""
