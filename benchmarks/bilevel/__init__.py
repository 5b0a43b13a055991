"""Bilevel problems with known hypergradients: the same starts, counted calls, an independent judge."""
