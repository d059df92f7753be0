"""The office's week: trainings, meetings, notices, digests, shift handover (ALL-3, ALL-7 to ALL-9)."""
