"""Block coordinate descent: the same problems, the same error, an independent judge."""
