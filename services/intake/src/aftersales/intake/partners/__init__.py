"""Events of partners, each accepted once or refused with the reason (INT-12)."""
