"""Entropic optimal transport: the same problems, the same error, an independent judge."""
