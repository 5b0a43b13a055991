"""Slow obvious twin of the mixture of experts with several responses: SciPy's normal density, one sample at a time."""

import numpy as np
from scipy.special import logsumexp
from scipy.stats import multivariate_normal


def log_joint(weights, coef, intercept, covariance, X, Y):
    """Log of weight times density, (n, k); coef (k, q, d), intercept (k, q), covariance (k, q, q)."""
    found = np.empty(weights.shape)
    for i, (x, y) in enumerate(zip(X, Y)):
        for j, own in enumerate(covariance):
            density = multivariate_normal.logpdf(y, coef[j] @ x + intercept[j], own)
            found[i, j] = (np.log(weights[i, j]) if weights[i, j] > 0 else -np.inf) + density
    return found


def log_density(weights, coef, intercept, covariance, X, Y):
    """Log of the conditional density, (n,)."""
    return logsumexp(log_joint(weights, coef, intercept, covariance, X, Y), axis=1)


def experts(R, X, Y, reference, penalty):
    """What an M-step ends at: weighted least squares, and covariances with 2 a samples of the reference."""
    design = np.column_stack([X, np.ones(len(X))])
    rows, covariances = [], []
    for r in R.T:
        root = np.sqrt(r)[:, None]
        own = np.linalg.lstsq(root * design, root * Y, rcond=None)[0]
        rest = root * (Y - design @ own)
        covariances.append((rest.T @ rest + 2 * penalty * reference) / (r.sum() + 2 * penalty))
        rows.append(own.T)
    return np.array(rows), np.array(covariances)


def unpack(theta, k, d, q):
    """Softmax gate rows (the last one zero), rows of the means, and covariances from the logs of Cholesky factors."""
    gate = np.zeros((k, d + 1))
    gate[:-1] = theta[: (k - 1) * (d + 1)].reshape(k - 1, d + 1)
    theta = theta[(k - 1) * (d + 1) :]
    rows, theta = theta[: k * q * (d + 1)].reshape(k, q, d + 1), theta[k * q * (d + 1) :].reshape(k, -1)
    roots = np.zeros((k, q, q))
    roots[:, *np.tril_indices(q)] = theta
    roots[:, range(q), range(q)] = np.exp(roots[:, range(q), range(q)])
    return gate, rows, roots @ roots.transpose(0, 2, 1)


def pack(gate, rows, covariance):
    """The inverse of `unpack`."""
    roots = np.linalg.cholesky(covariance)
    q = roots.shape[1]
    roots[:, range(q), range(q)] = np.log(roots[:, range(q), range(q)])
    return np.concatenate([(gate - gate[-1])[:-1].ravel(), rows.ravel(), roots[:, *np.tril_indices(q)].ravel()])


def mean_log_density(theta, k, X, Y):
    """The objective of a softmax gate, vectorised over samples so that a numerical gradient is affordable."""
    n, q = Y.shape
    design = np.column_stack([X, np.ones(n)])
    gate, rows, covariance = unpack(theta, k, X.shape[1], q)
    scores = design @ gate.T
    rest = Y[:, None] - np.einsum("jab,ib->ija", rows, design)
    square = np.einsum("ija,jab,ijb->ij", rest, np.linalg.inv(covariance), rest)
    normal = -0.5 * (square + np.linalg.slogdet(covariance)[1] + q * np.log(2 * np.pi))
    return float(np.mean(logsumexp(scores + normal, axis=1) - logsumexp(scores, axis=1)))
