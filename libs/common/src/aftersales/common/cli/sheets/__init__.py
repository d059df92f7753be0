"""Sheets in: CSV files of branches, technicians, parts, stock, customers and requests become HTTP calls."""
