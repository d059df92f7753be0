"""Dispatch: somebody is sent. Technicians, work orders, appointments."""
