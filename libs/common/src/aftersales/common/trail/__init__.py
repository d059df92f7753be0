"""Proof that the audit trail (ALL-5) is complete: anchors, the daily verification, and reads for an auditor."""
