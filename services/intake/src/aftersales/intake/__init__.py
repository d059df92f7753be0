"""Intake: contacts come in and are owned to the end; customers and products are archived."""
