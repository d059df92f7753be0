"""Messages to customers for all services: words, channels, quiet hours, gateways and delivery (INT-1, INT-10)."""
