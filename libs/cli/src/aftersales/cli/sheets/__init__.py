"""Sheets in: CSV files and workbooks of branches, technicians, parts, stock, customers, products and requests."""
