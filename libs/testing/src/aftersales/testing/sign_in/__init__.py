"""A sign-in server for development and tests: OpenID Connect without passwords, made of Authlib's grants (ADR 20)."""
