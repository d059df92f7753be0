"""Printed documents: their numbers and editions, and what stands on them (INT-17). Pure."""
