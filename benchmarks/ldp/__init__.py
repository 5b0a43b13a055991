"""Benchmarks of the locally private family."""
