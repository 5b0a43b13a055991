"""This library, through its estimators with their defaults."""

import numpy as np

import sparsetheory
from benchmarks.bcd.instance import Instance, Peer
from sparsetheory import bcd


def lasso(instance: Instance, tol: float) -> np.ndarray:
    model = bcd.Lasso(alpha=instance.alpha, fit_intercept=False, positive=instance.positive, tol=tol)
    return model.fit(instance.X, instance.y).coef_


def logistic(instance: Instance, tol: float) -> np.ndarray:
    model = bcd.SparseLogisticRegression(alpha=instance.alpha, fit_intercept=False, tol=tol)
    return model.fit(instance.X, instance.y).coef_


def group(instance: Instance, tol: float) -> np.ndarray:
    model = bcd.GroupLasso(alpha=instance.alpha, groups=instance.group, fit_intercept=False, tol=tol)
    return model.fit(instance.X, instance.y).coef_


PEER = Peer(
    name="sparsetheory", version=sparsetheory.__version__,
    solve={"lasso": lasso, "logistic": logistic, "group": group},
)  # fmt: skip
