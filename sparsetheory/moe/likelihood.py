"""The penalised likelihood of a mixture of experts on data: its value, its derivatives, and what an EM step needs."""

import copy
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from . import _mixture as kernels
from ._mixture_derivatives import derivatives
from .experts import best_experts
from .gate import Gate
from .parameters import Layout, Parameters

__all__ = ["Derivatives", "Expectation", "Likelihood", "Passes", "Slope", "largest"]

_BLOCK = 64 * kernels.CHUNK  # samples a block: partial sums are added block by block, whatever the number of threads
_LEAST = 1e-18  # variances below, relative to that of a single regression, are collapses: no point of the model


class Expectation(NamedTuple):
    """The objective at some parameters, and the statistics of an EM step from there."""

    value: float
    moments: np.ndarray  # (k, d + 2, d + 2): sums of R_ij z z' with z = (x, 1, residual of expert j)
    gate_slope: np.ndarray  # gradient of the expected gate likelihood, (m (d + 1),)
    gate_bend: np.ndarray  # its Hessian


class Slope(NamedTuple):
    """The objective and its gradient in the free parameters, per unit of weight."""

    value: float
    gradient: np.ndarray


class Derivatives(NamedTuple):
    """The objective, its gradient and its Hessian in the free parameters, all per unit of weight."""

    value: float
    gradient: np.ndarray
    hessian: np.ndarray


class Passes(NamedTuple):
    """Kernels that sum over a block of samples: the log-likelihood, what an EM step needs, gradient and Hessian.

    The last is the gradient alone, where there is a kernel that is cheaper than that of an EM step.
    """

    value: Callable[..., Any]
    expectation: Callable[..., Any]
    derivatives: Callable[..., Any]
    gradient: Callable[..., Any] | None = None


class Likelihood:
    r"""The declared objective, per unit of sample weight.

    .. math:: \frac{1}{\sum_i s_i} \Big\{ \sum_i s_i \log p(y_i \mid x_i)
        - a \sum_j \Big(\frac{\hat\sigma^2}{v_j} + \log v_j\Big) - \frac{\rho}{2} \sum_j \|\beta_{1j}\|^2 \Big\}

    Parameters
    ----------
    X : ndarray of shape (n, d)
    y, weight : ndarray of shape (n,)
    gate : Gate
    layout : Layout
    penalty : float
        a >= 0: keeps variances away from zero, where the likelihood is unbounded.
    scale : float
        Residual variance of a single regression, the reference of the penalty.
    ridge : float
        rho >= 0, on the slopes of the gate, which diverge when memberships can be separated.
    n_threads : int
        Threads over blocks of samples; results do not depend on it.
    """

    _passes = Passes(kernels.log_likelihood, kernels.expectation, derivatives, kernels.gradient)

    def __init__(
        self, X: np.ndarray, y: np.ndarray, weight: np.ndarray, gate: Gate, layout: Layout, *,
        penalty: float, scale: float, ridge: float, n_threads: int = 1,
    ) -> None:  # fmt: skip
        n, d = X.shape
        self.gate, self.layout = gate, layout
        self.Z = np.empty((d + 1 + y.size // n, n))
        self.Z[:d], self.Z[d], self.Z[d + 1 :] = X.T, 1.0, y.T
        self.weight, self.total = weight, float(weight.sum())
        self.penalty, self.scale, self.ridge, self.n_threads = penalty, scale, ridge, n_threads
        self.least: Any = 0.0 if isinstance(layout.variance, float) else _LEAST * scale
        self.blocks = _blocks(n)
        self.n_passes = 0

    def with_penalty(self, penalty: float) -> "Likelihood":
        """Return the objective with another penalty on variances, on the same samples; it counts its own passes."""
        other = copy.copy(self)
        other.penalty, other.n_passes = penalty, 0
        return other

    def on(self, rows: np.ndarray) -> "Likelihood":
        """Return the objective on some of the samples, its penalties in proportion."""
        part = copy.copy(self)
        part.Z, part.weight = np.ascontiguousarray(self.Z[:, rows]), self.weight[rows]
        part.total, part.blocks, part.n_passes = float(part.weight.sum()), _blocks(len(rows)), 0
        part.penalty, part.ridge = (part.total / self.total * each for each in (self.penalty, self.ridge))
        return part

    def model(self, at: Parameters) -> tuple[Any, ...]:
        """Return the leading arguments of every kernel."""
        gate = self.gate
        return gate.code, gate.top_k, gate.slopes_only, at.gate, at.tau, at.expert, at.variance, self.Z

    def admits(self, at: Parameters) -> bool:
        """Return whether variances are those of a density: neither collapsed nor beyond what a float holds."""
        variance = at.variance
        return bool((variance > self.least).all() and np.isfinite(variance).all() and 0 < at.tau < np.inf)

    def value(self, at: Parameters) -> float:
        """Return the objective; minus infinity where it is not a number, or the parameters are not admitted."""
        if not self.admits(at):
            return -np.inf
        self.n_passes += 1
        arguments = (*self.model(at), self.weight)
        total = sum(self._map(lambda block: self._passes.value(*arguments, *block)))
        return self._objective(total, at)

    def expectation(self, at: Parameters) -> Expectation:
        """Return the objective and the statistics of an EM step; NaN where the parameters are not admitted."""
        k, p, g = self.gate.n_experts, len(self.Z), self.layout.n_gate
        shapes = (k, p, p), (g,), (g, g)
        if not self.admits(at):
            return Expectation(-np.inf, *(np.full(shape, np.nan) for shape in shapes))
        self.n_passes += 1
        arguments = (*self.model(at), self.weight)

        def part(block: tuple[int, int]) -> tuple[Any, ...]:
            sums = [np.zeros(shape) for shape in shapes]
            return self._passes.expectation(*arguments, *block, self.gate.n_rows, *sums), *sums

        total, moments, slope, bend = (_sum(parts) for parts in zip(*self._map(part)))
        return Expectation(self._objective(total, at), _symmetric(moments), slope, _symmetric(bend))

    def slope(self, at: Parameters) -> Slope:
        """Return the objective and its gradient in the free parameters; NaN where they are not admitted."""
        kernel, layout = self._passes.gradient, self.layout
        if kernel is None or self.gate.free_temperature or not self.admits(at):
            return Slope(*self.derivatives(at)[:2])
        self.n_passes += 1
        arguments = (*self.model(at), self.weight)

        def part(block: tuple[int, int]) -> tuple[float, np.ndarray]:
            gradient = np.zeros(layout.n_full)
            return kernel(*arguments, *block, self.gate.n_rows, gradient), gradient

        total, gradient = (_sum(parts) for parts in zip(*self._map(part)))
        self.penalise(at, gradient)
        return Slope(self._objective(total, at), layout.spread.T @ gradient / self.total)

    def gradient(self, at: Parameters, found: Expectation) -> np.ndarray:
        """Return the gradient in the free parameters, which the statistics of an EM step contain (Fisher's identity).

        They know nothing of a free temperature, which takes a pass of its own.
        """
        if self.gate.free_temperature or not np.isfinite(found.value):
            return self.derivatives(at).gradient
        q = self.layout.q
        pull, squares, mass = found.moments[:, :q, q], found.moments[:, q, q], found.moments[:, q - 1, q - 1]
        experts = (pull / at.variance[:, None]).ravel()
        gradient = np.concatenate([found.gate_slope, experts, 0.5 * (squares / at.variance - mass)])
        self.penalise(at, gradient)
        return self.layout.spread.T @ gradient / self.total

    def experts(self, at: Parameters, moments: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return expert rows and variances after an EM step, given the moments before it."""
        return best_experts(self.layout, at, moments, penalty=self.penalty, scale=self.scale)

    def log_experts(self, at: Parameters) -> np.ndarray:
        """Return the log densities of the experts at the samples, (n, k)."""
        squares = (self.Z[-1][:, None] - self.Z[:-1].T @ at.expert.T) ** 2
        return np.asarray(-0.5 * squares / at.variance - 0.5 * np.log(2.0 * np.pi * at.variance))

    def responsibilities(self, at: Parameters) -> tuple[np.ndarray, np.ndarray]:
        """Return the probabilities of the experts given the response, and without it, (n, k) each."""
        posterior, prior = np.empty((2, len(self.weight), self.gate.n_experts))
        kernels.responsibilities(*self.model(at), posterior, prior)
        return posterior, prior

    def derivatives(self, at: Parameters) -> Derivatives:
        """Return the objective with gradient and Hessian in the free parameters; NaN where they are not admitted."""
        gate, layout = self.gate, self.layout
        if not self.admits(at):
            p = layout.n_free
            return Derivatives(-np.inf, np.full(p, np.nan), np.full((p, p), np.nan))
        self.n_passes += 1
        arguments = (*self.model(at), self.weight)

        def part(block: tuple[int, int]) -> tuple[Any, ...]:
            sums = np.zeros(layout.n_full), np.zeros((layout.n_full, layout.n_full))
            return self._passes.derivatives(*arguments, *block, gate.n_rows, gate.free_temperature, *sums), *sums

        total, gradient, hessian = (_sum(parts) for parts in zip(*self._map(part)))
        hessian = _symmetric(hessian)
        self.penalise(at, gradient, hessian)
        spread = layout.spread
        return Derivatives(
            self._objective(total, at), spread.T @ gradient / self.total, spread.T @ hessian @ spread / self.total
        )

    def penalise(self, at: Parameters, gradient: np.ndarray, hessian: np.ndarray | None = None) -> None:
        """Add the derivatives of the penalties by the full parameters, in place."""
        layout = self.layout
        if self.ridge == 0.0 and self.penalty == 0.0:
            return
        ridged = layout.ridged
        gradient[ridged] -= self.ridge * layout.full(at)[ridged]
        pull = self.penalty * self.scale / at.variance
        gradient[layout.log_variances] += pull - self.penalty
        if hessian is not None:
            hessian[ridged, ridged] -= self.ridge
            diagonal = np.arange(layout.n_full)[layout.log_variances]
            hessian[diagonal, diagonal] -= pull

    def _objective(self, log_likelihood: float, at: Parameters) -> float:
        if self.ridge == 0.0 and self.penalty == 0.0:
            return log_likelihood / self.total if np.isfinite(log_likelihood) else -np.inf
        slopes = at.gate[: self.gate.n_rows, :-1]
        with np.errstate(over="ignore"):  # slopes that a step took too far
            off = self.penalty * float((self.scale / at.variance + np.log(at.variance)).sum())
            value = (log_likelihood - off - 0.5 * self.ridge * float((slopes**2).sum())) / self.total
        return value if np.isfinite(value) else -np.inf

    def _map(self, part: Callable[[tuple[int, int]], Any]) -> list[Any]:
        """Return the parts of all blocks, in their order."""
        if self.n_threads == 1 or len(self.blocks) == 1:
            return [part(block) for block in self.blocks]
        with ThreadPoolExecutor(self.n_threads) as pool:
            return list(pool.map(part, self.blocks))


def largest(gradient: np.ndarray) -> float:
    """Return the largest entry in absolute value."""
    return float(np.abs(gradient).max(initial=0.0))


def _blocks(n: int) -> list[tuple[int, int]]:
    return [(first, min(n, first + _BLOCK)) for first in range(0, n, _BLOCK)]


def _sum(parts: Sequence[Any]) -> Any:
    """Add up block by block, from the first to the last."""
    total = parts[0]
    for part in parts[1:]:
        total = total + part
    return total


def _symmetric(upper: np.ndarray) -> np.ndarray:
    """Return the symmetric matrix of which the upper triangle is given (blocks on the diagonal may be whole)."""
    return np.where(_below(upper.shape[-1]), np.swapaxes(upper, -1, -2), upper)


@cache
def _below(n: int) -> np.ndarray:
    return np.tri(n, k=-1, dtype=bool)
