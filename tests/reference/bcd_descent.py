"""Block coordinate descent as in a textbook: explicit Hessian bounds, loops over blocks, scalar formulas."""

import numpy as np
from scipy.special import expit


def least_squares(X, y, l2=0.0):
    """Return f, its gradient, its Hessian as functions of x, and the fixed bound H_b of a block."""
    H = X.T @ X + l2 * np.eye(X.shape[1])

    def f(x):
        return 0.5 * np.sum((X @ x - y) ** 2) + 0.5 * l2 * x @ x

    return f, lambda x: X.T @ (X @ x - y) + l2 * x, lambda x: H, lambda b: H[np.ix_(b, b)]


def logistic(X, y, l2=0.0):
    ridge = l2 * np.eye(X.shape[1])

    def f(x):
        return sum(np.log1p(np.exp(-t * (row @ x))) for t, row in zip(y, X)) + 0.5 * l2 * x @ x

    def grad(x):
        return X.T @ (-y * expit(-y * (X @ x))) + l2 * x

    def hess(x):
        return X.T @ np.diag(expit(X @ x) * expit(-X @ x)) @ X + ridge

    return f, grad, hess, lambda b: (0.25 * X.T @ X + ridge)[np.ix_(b, b)]


def softmax(X, y, l2=0.0):
    K = int(y.max()) + 1
    p = X.shape[1]

    def f(x):
        Z = X @ x.reshape(p, K)
        return sum(np.log(np.exp(z).sum()) - z[c] for z, c in zip(Z, y)) + 0.5 * l2 * x @ x

    def probabilities(x):
        Z = np.exp(X @ x.reshape(p, K))
        return Z / Z.sum(axis=1, keepdims=True)

    def grad(x):
        return (X.T @ (probabilities(x) - np.eye(K)[y])).ravel() + l2 * x

    def hess(x):
        total = l2 * np.eye(p * K)
        for row, prob in zip(X, probabilities(x)):
            total += np.kron(np.outer(row, row), np.diag(prob) - np.outer(prob, prob))
        return total

    def bound(b):
        """Boehning's bound with the classes that b leaves alone taken as one."""
        k = min(K, len({i % K for i in b}) + 1)
        total = np.kron(X.T @ X, 0.5 * (np.eye(K) - 1.0 / k)) + l2 * np.eye(p * K)
        return total[np.ix_(b, b)]

    return f, grad, hess, bound


def block_scores(rule, g, blocks, bound, hessian):
    """Return the textbook score of every block."""
    scores = []
    for b in blocks:
        g_b, H_b = g[b], bound(b)
        largest = np.linalg.eigvalsh(H_b)[-1]
        if rule == "gs":
            score = g_b @ g_b
        elif rule == "gsl":
            score = g_b @ g_b / largest
        elif rule == "gsd":
            score = sum(g[i] ** 2 / (len(b) * bound([i])[0, 0]) for i in b)
        elif rule == "gsd-rows":
            score = sum(g[i] ** 2 / np.abs(bound(range(len(g)))[i]).sum() for i in b)
        else:
            metric = {"gsq": H_b, "gsn": hessian[np.ix_(b, b)]}[rule]
            score = g_b @ np.linalg.pinv(metric) @ g_b
        scores.append(score)
    return np.array(scores)


def soft(v, t):
    return np.sign(v) * max(abs(v) - t, 0.0)


def composite_scores(rule, x, g, blocks, bound, alpha):
    """Return the scores of the -s, -r and -q rules for ``alpha |x|_1``, coordinate by coordinate."""
    largest = [np.linalg.eigvalsh(bound(b))[-1] for b in blocks]
    scores = []
    for b, own in zip(blocks, largest):
        total = 0.0
        for i in b:
            if rule == "gs-s":
                total += (g[i] + alpha * np.sign(x[i]) if x[i] != 0 else soft(g[i], alpha)) ** 2
                continue
            scale = {"gs": max(largest), "gsl": own, "gsd": len(b) * bound([i])[0, 0]}[rule[:-2]]
            new = soft(x[i] - g[i] / scale, alpha / scale)
            d = new - x[i]
            model = g[i] * d + 0.5 * scale * d * d + alpha * (abs(new) - abs(x[i]))
            total += d * d if rule.endswith("-r") else -model
        scores.append(total)
    return np.array(scores)


def progress_floor(update, g_b, H_b, curvatures):
    """Return what f falls by at least, for the updates that promise it (design of the rules, BCD22 section 2)."""
    if update == "gradient":
        return g_b @ g_b / (2 * np.linalg.eigvalsh(H_b)[-1])
    if update == "diagonal":
        return np.sum(g_b**2 / (2 * len(g_b) * curvatures))
    return 0.5 * g_b @ np.linalg.pinv(H_b) @ g_b  # matrix, exact
