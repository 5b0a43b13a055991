"""scikit-learn: coordinate descent with gap-safe screening; liblinear for the logistic loss."""

import numpy as np
import sklearn
from sklearn.linear_model import Lasso, LogisticRegression, lasso_path

from benchmarks.bcd.instance import Instance, Peer

MAX_ITER = 100_000


def lasso(instance: Instance, tol: float) -> np.ndarray:
    model = Lasso(
        alpha=instance.alpha, fit_intercept=False, copy_X=False, positive=instance.positive, tol=tol, max_iter=MAX_ITER
    )
    return model.fit(instance.X, instance.y).coef_


def path(instance: Instance, tol: float) -> np.ndarray:
    # its path is sorted downwards, as ours is; `precompute` is chosen by the package
    _, coefs, _ = lasso_path(instance.X, instance.y, alphas=instance.alphas, tol=tol, max_iter=MAX_ITER)
    return coefs.T


def logistic(instance: Instance, tol: float) -> np.ndarray:
    model = LogisticRegression(
        C=1 / (len(instance.y) * instance.alpha), l1_ratio=1, solver="liblinear", fit_intercept=False, tol=tol,
        max_iter=10_000, random_state=0,
    )  # fmt: skip
    return model.fit(instance.X, instance.y).coef_


PEER = Peer(
    name="scikit-learn", version=sklearn.__version__, solve={"lasso": lasso, "path": path, "logistic": logistic}
)
