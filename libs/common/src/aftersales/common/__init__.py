"""What the four services share. Imports no service; a service imports nothing else of the project."""
