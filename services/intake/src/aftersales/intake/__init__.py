"""Intake: registers contacts and owns them to the end; archives customers and products."""
