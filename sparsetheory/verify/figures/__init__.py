"""Figures: one file a rule, each says how a sample is drawn."""
