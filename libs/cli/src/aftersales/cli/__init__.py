"""The command line: it calls the services over HTTP, and imports neither them nor the engine."""
