"""Live hints: whoever shows a list or a document is told which documents changed, and reads them again (ADR 17)."""
