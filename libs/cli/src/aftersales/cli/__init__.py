"""The command line: it talks to the services over HTTP, and imports neither them nor the engine."""
