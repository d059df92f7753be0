"""Office work of a branch: trainings, meetings, notices, digests and shift handovers (ALL-3, ALL-7 to ALL-9)."""
