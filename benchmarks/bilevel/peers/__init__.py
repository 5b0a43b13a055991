"""Solvers of the quadratic problems: one file, one table of `Peer`."""
