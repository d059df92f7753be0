"""Sign-in: who the caller is, by a bearer token of an OpenID Connect server (RFC 6750, RFC 9068)."""
