"""HTTP: the application of a service, the request context of its endpoints, and the routers that all services have."""
