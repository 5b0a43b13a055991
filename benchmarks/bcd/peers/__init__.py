"""Packages, one a file: each defines ``PEER``."""
