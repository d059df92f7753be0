"""Key figures of after-sales service."""
