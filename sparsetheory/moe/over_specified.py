"""Fits with one expert too many: the likelihood with a penalty on small shares, from splits of the true atoms."""

from collections.abc import Iterator

import numpy as np

from .gate import make_gate
from .known_mixtures import Instance
from .likelihood import Derivatives, Likelihood, Slope
from .mixing_measure import MixingMeasure
from .newton import Newton
from .parameters import Layout, Parameters

__all__ = ["SharePenalised", "best_maximum", "objective", "split_starts"]

#: Distance of the two halves of a split atom from it: gate slope, intercept of the mean; factor of the variance.
SLOPE, INTERCEPT, VARIANCE = 0.4, 0.5, 0.7
TOLERANCE, STEPS = 1e-9, 200


class SharePenalised(Likelihood):
    r"""The likelihood with a penalty that vanishes with the sample size and keeps every expert in use.

    .. math:: \frac1n \sum_i \log p(y_i \mid x_i) + \frac{c}{n} \sum_j \log \pi_j(0), \qquad \pi(0) =
        \mathrm{softmax}(\beta_0)

    Without it the maximiser spends a spare expert on a few samples anywhere, and the penalty, of order 1/n, is less
    than what such samples bring in the rates that are proved.
    """

    strength = 3.0

    def derivatives(self, at: Parameters) -> Derivatives:
        """Return the objective with gradient and Hessian in the free parameters."""
        found, (value, gradient, bend) = super().derivatives(at), self._shares(at)
        hessian = found.hessian.copy()
        hessian[np.ix_(self._where, self._where)] += bend
        return Derivatives(found.value + value, self._raised(found.gradient, gradient), hessian)

    def slope(self, at: Parameters) -> Slope:
        """Return the objective and its gradient in the free parameters."""
        found, (value, gradient, _) = super().slope(at), self._shares(at)
        return Slope(found.value + value, self._raised(found.gradient, gradient))

    @property
    def _where(self) -> np.ndarray:
        """Where the intercepts of the gate are among the free parameters."""
        q = self.layout.q
        return np.arange(self.gate.n_rows) * q + q - 1

    def _raised(self, gradient: np.ndarray, by: np.ndarray) -> np.ndarray:
        out = gradient.copy()
        out[self._where] += by
        return out

    def _shares(self, at: Parameters) -> tuple[float, np.ndarray, np.ndarray]:
        """Return the penalty on shares with gradient and Hessian in the intercepts, per sample."""
        log_share = np.asarray(at.gate[:, -1] - np.logaddexp.reduce(at.gate[:, -1]))
        share, k, weight = np.exp(log_share[:-1]), len(log_share), self.strength / self.total
        bend = -weight * k * (np.diag(share) - np.outer(share, share))
        return weight * float(log_share.sum()), weight * (1 - k * share), bend


def objective(instance: Instance) -> SharePenalised:
    """Return the penalised likelihood of a mixture with one expert more than the truth."""
    gate = make_gate("softmax", instance.setting.truth.n_atoms + 1)
    X, y = instance.X, instance.y
    return SharePenalised(X, y, np.ones(len(y)), gate, Layout(gate, 1), penalty=0.0, scale=1.0, ridge=0.0)


def split_starts(truth: MixingMeasure, rng: np.random.Generator) -> Iterator[Parameters]:
    """Yield, for every true atom, the truth with this atom in two halves whose distance does not depend on n."""
    for atom in range(truth.n_atoms):
        G = truth.split(atom)
        halves, side = [atom, truth.n_atoms], np.array([1.0, -1.0])
        slope, intercept, variance = np.array(G.beta1), np.array(G.b), np.array(G.v)
        slope[halves, 0] += SLOPE * side * rng.choice((-1, 1))
        intercept[halves] += INTERCEPT * side * rng.choice((-1, 1))
        variance[halves] *= VARIANCE
        rows = np.column_stack([slope, G.beta0])
        yield Parameters(rows - rows[-1], np.column_stack([G.a, intercept]), variance)


def best_maximum(instance: Instance, rng: np.random.Generator) -> MixingMeasure:
    """Return the highest of the maxima that Newton's method finds from the splits.

    Raises
    ------
    ArithmeticError
        Where a start does not converge to the tolerance: then it is not known which is the highest.
    """
    likelihood = objective(instance)
    ends = [_finished(Newton(likelihood, start)) for start in split_starts(instance.setting.truth, rng)]
    return max(ends, key=lambda end: end.found.value).at.measure


def _finished(newton: Newton) -> Newton:
    for _ in range(STEPS):
        if newton.error <= TOLERANCE or not newton.step():
            break
    if not newton.error <= TOLERANCE:
        raise ArithmeticError(f"Newton's method ended with a gradient of {newton.error:.2g} a sample")
    return newton
