"""Gaussian mixtures of experts: the same starts, the same maximum, an independent judge."""
