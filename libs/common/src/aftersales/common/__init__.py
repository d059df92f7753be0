"""Contracts and the engine that the four services share. Imports no service; `aftersales.engine` is its front."""
