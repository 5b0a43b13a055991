"""Slow twins of clients and servers of private regression: one user at a time, entry by entry, Python integers."""

import math
from fractions import Fraction

import numpy as np


def clipped(x, radius):
    """Return x shortened to the radius, by exact rational arithmetic until the last division."""
    square = sum(Fraction(float(v)) ** 2 for v in x)
    if square <= Fraction(radius) ** 2:
        return [float(v) for v in x]
    shift = Fraction(2) ** (-(square.numerator.bit_length() - square.denominator.bit_length()) // 2)
    norm = math.sqrt(square * shift * shift)  # close to one
    return [float(Fraction(float(v)) * shift) / norm * radius for v in x]


def svec(A):
    """Return the upper triangle row by row, off-diagonal entries times sqrt 2."""
    d = len(A)
    return [A[i][j] * (1.0 if i == j else math.sqrt(2.0)) for i in range(d) for j in range(i, d)]


def answers(x, y, params):
    """Return {block: answer} of one record, in the units in which the answers have the sensitivity of the design."""
    r, tau, d = params.x_radius, params.y_bound, params.dim
    x_bar, y_bar = clipped(x, r), max(-tau, min(tau, float(y)))
    cross = [v * y_bar / (r * tau) for v in x_bar]
    if params.mechanism == "published":
        tau1 = params.coordinate_bound
        box = [max(-tau1, min(tau1, float(v))) * y_bar / (math.sqrt(d) * tau1 * tau) for v in x]
        if params.public_covariates:
            return {"cross": box}
        triangle = [x_bar[i] * x_bar[j] / r**2 for i in range(d) for j in range(i, d)]
        return {"published": triangle + box}
    if params.public_covariates:
        return {"cross": cross}
    if params.mechanism == "gaussian":
        z = [*x_bar, params.weight * y_bar]
        return {"joint": [v / r**2 for v in svec(np.outer(z, z).tolist())]}
    return {"gram": [v / r**2 for v in svec(np.outer(x_bar, x_bar).tolist())], "cross": cross}


def score(x, y, theta, params):
    """Return the clipped score of one record."""
    r, tau, d = params.x_radius, params.y_bound, params.dim
    y_bar = max(-tau, min(tau, float(y)))
    if params.radius == "published":
        tau1 = r / math.sqrt(d)
        x_bar = [max(-tau1, min(tau1, float(v))) for v in x]
        bound = math.sqrt(d) * tau1 * (math.sqrt(params.keep) * tau1 + tau)
    else:
        x_bar, bound = clipped(x, r), (r if params.radius == "norm" else params.radius)
    residual = sum(a * b for a, b in zip(x_bar, theta)) - y_bar
    g = [v * residual for v in x_bar]
    norm = math.sqrt(sum(v * v for v in g))
    return [v * min(1.0, bound / norm) if norm else v for v in g]


class Sums:
    """The server: a dictionary of lists of Python integers, which never overflow."""

    def __init__(self):
        self.sums, self.counts = {}, {}

    def absorb(self, report):
        old = self.sums.get(report.block, [0] * len(report.payload))
        self.sums[report.block] = [a + int(b) for a, b in zip(old, report.payload, strict=True)]
        self.counts[report.block] = self.counts.get(report.block, 0) + 1
