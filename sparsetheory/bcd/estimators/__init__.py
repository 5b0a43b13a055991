"""scikit-learn estimators on the solvers of this family; the only modules of the family that import scikit-learn."""
