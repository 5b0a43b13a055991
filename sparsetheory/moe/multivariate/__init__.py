"""Several responses: experts with a covariance, as regressions one after the other."""
