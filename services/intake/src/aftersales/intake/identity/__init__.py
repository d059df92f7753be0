"""What every branch shows of the company: name, logo, header, phone and web address (ALL-2)."""
