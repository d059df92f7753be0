"""The price list of labour and parts, the same in all branches and public (INV-15)."""
