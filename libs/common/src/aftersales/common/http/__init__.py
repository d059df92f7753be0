"""HTTP: the application of a service, what its endpoints are given, and the routers that all services have."""
