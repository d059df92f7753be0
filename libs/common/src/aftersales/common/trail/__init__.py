"""Proves that the audit trail (ALL-5) is whole: anchors, the daily verification, and what an auditor can ask."""
