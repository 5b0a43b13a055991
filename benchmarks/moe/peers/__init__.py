"""Solvers, one a file: each defines ``PEER``."""
