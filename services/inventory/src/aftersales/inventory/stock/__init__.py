"""Stock by lot and bin, and the ledger of movements."""
