"""skglm: working sets and Anderson extrapolation in Numba; its tolerance is an absolute violation of stationarity."""

from importlib.metadata import version

import numpy as np
import skglm

from benchmarks.bcd.instance import Instance, Peer

MAX_ITER = 1000  # working sets; the defaults of 20 and 50 end some runs early


def lasso(instance: Instance, tol: float) -> np.ndarray:
    model = skglm.Lasso(
        alpha=instance.alpha,
        fit_intercept=False,
        positive=instance.positive,
        tol=tol * instance.alpha,
        max_iter=MAX_ITER,
    )
    return model.fit(instance.X, instance.y).coef_


def path(instance: Instance, tol: float) -> np.ndarray:
    model = skglm.Lasso(fit_intercept=False, tol=tol * min(instance.alphas), max_iter=MAX_ITER)
    _, coefs, *_ = model.path(instance.X, instance.y, alphas=np.array(instance.alphas))
    return coefs.T


def logistic(instance: Instance, tol: float) -> np.ndarray:
    model = skglm.SparseLogisticRegression(
        alpha=instance.alpha, fit_intercept=False, tol=tol * instance.alpha, max_iter=MAX_ITER
    )
    return model.fit(instance.X, instance.y).coef_


def group(instance: Instance, tol: float) -> np.ndarray:
    model = skglm.GroupLasso(
        groups=instance.group, alpha=instance.alpha, fit_intercept=False, tol=tol * instance.alpha, max_iter=MAX_ITER
    )
    return model.fit(instance.X, instance.y).coef_


PEER = Peer(
    name="skglm", version=version("skglm"), solve={"lasso": lasso, "path": path, "logistic": logistic, "group": group}
)
