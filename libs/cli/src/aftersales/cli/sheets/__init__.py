"""Import of CSV files and workbooks: branches, technicians, parts, stock, customers, products and requests."""
