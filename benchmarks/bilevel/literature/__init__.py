"""Continuous bilevel test problems of the literature with printed best values, and what became of them here."""
