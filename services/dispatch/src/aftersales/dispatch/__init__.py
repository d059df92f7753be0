"""Dispatch: technicians, work orders and appointments."""
