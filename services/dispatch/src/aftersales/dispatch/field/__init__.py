"""Field work without a network: the commands of a technician's phone, sent together."""
