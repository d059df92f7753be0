"""Intake's use cases: what a branch desk, a partner, another service or the clock asks for."""
