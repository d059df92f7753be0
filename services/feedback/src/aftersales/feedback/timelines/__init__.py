"""The course of a request through all services."""
