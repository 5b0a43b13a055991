"""celer: working sets and dual extrapolation in Cython."""

import celer
import numpy as np

from benchmarks.bcd.instance import Instance, Peer

MAX_ITER = 1000  # working sets; the defaults of 20 to 100 end some runs early


def lasso(instance: Instance, tol: float) -> np.ndarray:
    model = celer.Lasso(
        alpha=instance.alpha, fit_intercept=False, positive=instance.positive, tol=tol, max_iter=MAX_ITER
    )
    return model.fit(instance.X, instance.y).coef_


def path(instance: Instance, tol: float) -> np.ndarray:
    _, coefs, _ = celer.celer_path(instance.X, instance.y, "lasso", alphas=instance.alphas, tol=tol, max_iter=MAX_ITER)
    return coefs.T


def logistic(instance: Instance, tol: float) -> np.ndarray:
    model = celer.LogisticRegression(
        C=1 / (len(instance.y) * instance.alpha), fit_intercept=False, tol=tol, max_iter=MAX_ITER
    )
    return model.fit(instance.X, instance.y).coef_


def group(instance: Instance, tol: float) -> np.ndarray:
    model = celer.GroupLasso(
        groups=instance.group, alpha=instance.alpha, fit_intercept=False, tol=tol, max_iter=MAX_ITER
    )
    return model.fit(instance.X, instance.y).coef_


PEER = Peer(
    name="celer", version=celer.__version__,
    solve={"lasso": lasso, "path": path, "logistic": logistic, "group": group},
)  # fmt: skip
