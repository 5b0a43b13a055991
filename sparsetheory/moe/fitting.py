"""What every stage of a fit shares: the data in their own units, the objective on them, and the finish of a start."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from .. import _loop
from ..errors import InvalidArgument
from ..progress import Callback
from .automatic import Automatic
from .density import Recomputed, recomputed
from .em import EM
from .gate import Gate
from .lbfgs import LBFGS
from .likelihood import Likelihood
from .local_search import permuted, split_merges
from .mixing_measure import MixingMeasure
from .newton import Newton
from .parameters import Layout, Parameters
from .scaling import Scaling
from .segments import PLACES, best_segments
from .squarem import SQUAREM
from .starts import from_memberships, regression
from .sweep import swept
from .top_k import TopK

__all__ = ["SOLVERS", "Data", "End", "Fitting"]

#: Name of a solver -> iteration from one start.
SOLVERS = {"auto": Automatic, "em": EM, "squarem": SQUAREM, "newton": Newton, "lbfgs": LBFGS}

_ROUGH = 1e-6  # tolerance of ends that are only compared
_HESSIAN = 300  # free parameters beyond which "auto" does not form one
_PENALTY = 0.3  # times 1 / sqrt(n): small enough for narrow experts to be found, large enough for two samples not to be
_ROUNDS = 3  # of EM steps and a line search of a screening with one active expert
_SHORT = 10  # EM steps of a screening


@dataclass(frozen=True)
class Data:
    """Covariates (n, d), response (n,) or responses (n, q), weights (n,) of the samples."""

    X: np.ndarray
    y: np.ndarray
    weight: np.ndarray


@dataclass(frozen=True)
class End:
    """Where a start led to: parameters, objective, and the penalty that it was the objective with."""

    at: Parameters
    value: float
    outcome: _loop.Outcome
    penalty: float
    n_switches: int = 0


class Fitting:
    """One fit, in units where the data have variance one."""

    _objective: type[Likelihood] = Likelihood

    def __init__(
        self, data: Data, gate: Gate, layout: Layout, *, solver: str, tol: float, max_iter: int, ridge: float,
        penalty: float | None, n_threads: int = 1, callback: Callback | None = None,
    ) -> None:  # fmt: skip
        self.raw, self.gate, self.layout, self.solver = data, gate, layout, solver
        self.tol, self.max_iter, self.callback, self.n_threads = tol, max_iter, callback, n_threads
        self.ridge = ridge if gate.top_k > 1 else 0.0  # one active expert: the length of the slopes means nothing
        self.scaling = self._units()
        X, y = self.scaling.scaled(data.X, data.y)
        self.data = Data(X, y, data.weight)
        known = not isinstance(layout.variance, str)
        self.known = layout.variance / self.scaling.y_scale**2 if known else 0.0
        self.ends_free = penalty is None and not known
        self.penalty = _PENALTY / math.sqrt(float(data.weight.sum())) if penalty is None else penalty
        self.reference = self._reference()
        self.n_passes, self.values = 0, list[float]()

    def _units(self) -> Scaling:
        return Scaling.of(self.gate, self.raw.X, self.raw.y, self.raw.weight)

    def _reference(self) -> float:
        """Residual variance of one regression; never zero."""
        data = self.data
        found = regression(np.vstack([data.X.T, np.ones(len(data.y))]).T, data.y, data.weight)[1]
        return max(found, 1e-12)

    def with_gate(self, gate: Gate) -> "Fitting":
        """Return the same fit of another gate; whoever counts passes adds them up."""
        return type(self)(
            self.raw, gate, self.layout.of_gate(gate), solver=self.solver, tol=self.tol,
            max_iter=self.max_iter, ridge=self.ridge, penalty=None if self.ends_free else self.penalty,
            n_threads=self.n_threads, callback=self.callback,
        )  # fmt: skip

    def likelihood(self, rows: np.ndarray | None = None, *, penalty: float | None = None) -> Likelihood:
        """Return the objective, on some of the samples if these are given."""
        a = self.penalty if penalty is None else penalty
        if rows is None:
            return self._everything.with_penalty(a)
        share = float(self.data.weight[rows].sum() / self.data.weight.sum())
        return self._on(rows, a * math.sqrt(share))

    @cached_property
    def _everything(self) -> Likelihood:
        return self._on(slice(None), 0.0)

    def _on(self, rows: np.ndarray | slice, penalty: float) -> Likelihood:
        data = self.data
        return self._objective(
            data.X[rows], data.y[rows], data.weight[rows], self.gate, self.layout,
            penalty=penalty, scale=self.reference, ridge=self.ridge, n_threads=self.n_threads,
        )  # fmt: skip

    def ready(self, at: Parameters) -> Parameters:
        """Return a start as the layout wants it: reference row, tied or known variances."""
        if self.layout.variance == "tied":
            at = Parameters(at.gate, at.expert, np.full(len(at.variance), at.variance.mean()), at.tau)
        elif self.layout.variance != "free":
            at = Parameters(at.gate, at.expert, np.full(len(at.variance), self.known), at.tau)
        return self.layout.referred(at)

    def given(self, init: Any) -> Parameters | None:
        """Return the start that a measure stands for, None for what is no measure."""
        if not isinstance(init, MixingMeasure):
            return None
        if init.n_atoms != self.gate.n_experts or init.n_features != self.layout.d:
            expected = f"{self.gate.n_experts} atoms in {self.layout.d} features"
            raise InvalidArgument("init", expected, f"{init.n_atoms} atoms in {init.n_features}")
        start = self.layout.of_model(Parameters.of(init))
        return self.ready(self.scaling.parameters_in(start, linear_gate=self.gate.linear))

    def start(self, rows: np.ndarray, labels: np.ndarray, tau: float) -> Parameters:
        """Return the start that memberships of some of the samples stand for."""
        data = self.data
        return self.ready(from_memberships(data.X[rows], data.y[rows], data.weight[rows], self.gate, labels, tau))

    def segments(self, likelihood: Likelihood, *, most: int = PLACES) -> Parameters | None:
        """Return the best experts of which each has a segment of a line, where that is the problem."""
        return best_segments(likelihood, self.known, most=most)

    def moves(self, likelihood: Likelihood, at: Parameters) -> Iterator[Parameters]:
        """Yield points that may be in better basins."""
        other = permuted(likelihood, at)
        if other is not at:
            yield other
        yield from split_merges(likelihood, at, most=2)

    def collapsed(self, at: Parameters, level: float) -> bool:
        """Return whether a variance is below some part of that of a single regression."""
        return not (at.variance > level * self.reference).all()

    def recomputed(self, at: Parameters) -> Recomputed:
        """Return log-likelihood in the units of the response, its gradient and the masses, apart from the kernels."""
        found = recomputed(self.layout, at, self.data.X, self.data.y, self.data.weight)
        return found._replace(log_likelihood=found.log_likelihood - math.log(self.scaling.y_scale))

    def shortly(self, likelihood: Likelihood, start: Parameters, *, steps: int = _SHORT) -> EM:
        """Return where a few EM steps lead; with line searches for one active expert, whose gate EM cannot move."""
        em = EM(likelihood, start)
        for left in range(_ROUNDS if self.gate.top_k == 1 < self.gate.n_experts else 1, 0, -1):
            for _ in range(steps):
                if not em.step():
                    break
            if left == 1 or not math.isfinite(em.found.value):
                break
            at, gain = swept(likelihood, em.at)
            if not gain:
                break
            em = EM(likelihood, at)
        return em

    def finish(self, likelihood: Likelihood, start: Parameters, *, roughly: bool = False) -> End:
        """Iterate from one start to the tolerance, or to one that is enough to compare ends."""
        iteration: Any = self._iteration(likelihood, start)
        outcome = _loop.run(
            iteration.advance, tol=max(self.tol, _ROUGH) if roughly else self.tol, max_iter=self.max_iter,
            callback=self.callback, solution=lambda: iteration.at,
        )  # fmt: skip
        value = float(outcome.trace.objective[-1]) if self.gate.smooth else likelihood.value(iteration.at)
        self.count(likelihood)
        return End(iteration.at, value, outcome, likelihood.penalty, getattr(iteration, "n_switches", 0))

    def _iteration(self, likelihood: Likelihood, start: Parameters) -> Any:
        if self.solver == "auto" and not self.gate.smooth:
            return TopK(likelihood, start, tol=self.tol)
        too_many = self.solver == "auto" and self.layout.n_free > _HESSIAN
        return (LBFGS if too_many else SOLVERS[self.solver])(likelihood, start)

    def count(self, likelihood: Likelihood) -> None:
        """Take over the passes that were made."""
        self.n_passes, likelihood.n_passes = self.n_passes + likelihood.n_passes, 0


def masses(likelihood: Likelihood, at: Parameters) -> np.ndarray:
    """Return the expected weight of the samples of every expert."""
    q = likelihood.layout.q
    return likelihood.expectation(at).moments[:, q - 1, q - 1]
