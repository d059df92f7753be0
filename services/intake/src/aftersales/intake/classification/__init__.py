"""What a contact is about, suggested from its words (INT-4)."""
