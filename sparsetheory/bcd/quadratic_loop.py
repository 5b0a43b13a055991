"""The compiled loop: many iterations on a quadratic at a time, the same blocks and the same steps as one at a time.

It serves least squares and quadratics with absolute values and bounds, on blocks that stay as they are cut (single
variables that the selection picks among them), where the step is a prox of one constant a variable or a linear map of
the gradient, and where a score is a sum over the variables of the block. What it does not serve runs one iteration at
a time; both are held to the same iterates by a test.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import scipy.sparse as sp

from .design import is_sparse
from .linear import LeastSquares
from .problem import Problem
from .quadratic import Quadratic
from .selection import SELECTIONS, Visit
from .separable import Separable
from .state import State

__all__ = ["History", "QuadraticLoop", "compiled_loop"]

_LARGEST = 100_000_000  # entries that are copied
_FEW, _NEAR = 0.03, 10_000  # a greedy step may reach this share of the entries and these; more are BLAS's
_LARGEST_INVERTED = 200  # variables of a block whose inverse is kept: larger ones have better solvers

#: Selection -> (score of a variable, see `_quadratic_loop.entry_score`; the constants in it)
_SCORES: dict[str, tuple[int, Callable[[State], np.ndarray]]] = {
    "gs": (0, lambda s: np.ones(s.problem.n)),
    "gsl": (0, lambda s: _positive(s.scales)),
    "gsd": (0, lambda s: _positive(s.diagonal)),
    "gsd-rows": (0, lambda s: _positive(s.problem.row_sums)),
    "gs-s": (1, lambda s: np.ones(s.problem.n)),
    "gs-r": (2, lambda s: np.full(s.problem.n, s.common_scale)),
    "gsl-r": (2, lambda s: s.scales),
    "gsd-r": (2, lambda s: s.diagonal),
    "gs-q": (3, lambda s: np.full(s.problem.n, s.common_scale)),
    "gsl-q": (3, lambda s: s.scales),
    "gsd-q": (3, lambda s: s.diagonal),
}
_PROX: dict[str, Callable[[State], np.ndarray]] = {
    "gradient": lambda s: s.scales,
    "prox-gradient": lambda s: s.scales,
    "diagonal": lambda s: s.diagonal,
}
_LINEAR = ("matrix", "newton", "exact", "cubic")  # the same step on a quadratic without penalty
_OF_ONE = (*_LINEAR, "prox-newton")  # on a single variable the step with L_i is the minimiser


def _positive(scales: np.ndarray) -> np.ndarray:
    return np.where(scales > 0, scales, 1.0)


class History(NamedTuple):
    """What a chunk leaves: blocks, changes of F, iterations since a move, the last one that changed a face."""

    picked: np.ndarray
    changes: np.ndarray
    idle: int
    turned_at: int


def compiled_loop(state: State, select: str, update: str) -> "QuadraticLoop | None":
    """Return the loop for these rules, or None where they run one iteration at a time."""
    problem, greedy = state.problem, select in _SCORES
    if type(problem) not in (LeastSquares, Quadratic) or not isinstance(state.penalty, Separable) or state.recuts:
        return None
    if not greedy and not (isinstance(SELECTIONS[select], Visit) and state.blocks is not None):
        return None
    single = state.size == 1 if state.blocks is None else max(map(len, state.blocks)) == 1
    if not (single or state.blocks is not None):
        return None
    linear = update in _LINEAR and state.penalty.smooth and not single
    if not (linear or update in _PROX or (single and update in _OF_ONE)):
        return None
    if _entries_of(problem) > _LARGEST or (greedy and _reach(state) > _NEAR + _FEW * _entries_of(problem)):
        return None
    if linear and max(map(len, state.blocks or [])) > _LARGEST_INVERTED:
        return None
    return QuadraticLoop(state, select, update, linear)


def _matrix(problem: Problem) -> Any:
    if isinstance(problem, LeastSquares):
        return problem.rows
    assert isinstance(problem, Quadratic)
    return problem.A


def _entries_of(problem: Problem) -> int:
    matrix = _matrix(problem)
    return int(matrix.nnz if is_sparse(matrix) else matrix.size)


def _reach(state: State) -> float:
    """Return how many entries a step reads to move the gradient, a mean over blocks."""
    problem = state.problem
    if isinstance(problem, Quadratic):
        return _entries_of(problem) / state.n_blocks
    matrix = _matrix(problem)
    in_sample = np.bincount(matrix.indices) if is_sparse(matrix) else np.full(matrix.shape[1], matrix.shape[0])
    return float((in_sample.astype(float) ** 2).sum()) / state.n_blocks


def _entries(matrix: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rows = sp.csr_array(matrix)
    return rows.indptr.astype(np.int32), rows.indices.astype(np.int32), np.array(rows.data, dtype=np.float64)


class QuadraticLoop:
    """Rules on a state, ready to iterate; `advance` moves the state and says what happened."""

    def __init__(self, state: State, select: str, update: str, linear: bool) -> None:
        self.state, problem, penalty = state, state.problem, state.penalty
        assert isinstance(penalty, Separable)
        n = problem.n
        blocks = state.blocks if state.blocks is not None else list(np.arange(n)[:, None])
        sizes = np.array([len(b) for b in blocks])
        starts = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
        self._blocks = starts, np.concatenate(blocks).astype(np.int64)
        self._select = select
        self._write = _entries(_matrix(problem))
        if isinstance(problem, LeastSquares):
            self._offset, back, self._read = problem.y, problem.X, self._write
        else:
            assert isinstance(problem, Quadratic)
            self._offset, back = problem.c, sp.eye_array(n, format="csr")
            self._read = _entries(back)
        scale = np.zeros(n) if linear else np.array(_PROX.get(update, lambda s: s.problem.lipschitz)(state))
        self._ready = np.zeros(len(blocks), dtype=bool)
        self._corners = np.concatenate([[0], np.cumsum(sizes[:-1] ** 2)]).astype(np.int64)
        self._inverses = np.empty(int((sizes**2).sum()) if linear else 0)
        own = (np.array(part) for part in (penalty.alpha, penalty.lower, penalty.upper))
        self._step = scale, self._inverses, self._corners, self._ready, *own, float(problem.l2)
        self._buffers = np.empty(sizes.max()), np.empty(sizes.max())
        if select in _SCORES:
            self._kind, divisor = _SCORES[select][0], np.array(_SCORES[select][1](state))
            owner = np.empty(n, dtype=np.int64)
            owner[self._blocks[1]] = np.repeat(np.arange(len(blocks)), sizes)
            self._scoring, self._back = (divisor, owner), _entries(back)
            leaves = 1 << int(len(blocks) - 1).bit_length()
            rows = len(self._offset)
            self._work = (
                np.empty(2 * leaves, dtype=np.int64), np.empty(len(blocks)), np.zeros(rows, dtype=bool),
                np.empty(rows), np.empty(rows, dtype=np.int64), np.zeros(len(blocks), dtype=bool),
                np.empty(len(blocks), dtype=np.int64),
            )  # fmt: skip

    def advance(self, count: int, idle: int) -> History:
        """Do `count` iterations, fewer where the best block of a greedy rule does not move; `idle` went before."""
        state, greedy = self.state, self._select in _SCORES
        picked, changes = np.empty(count, dtype=np.int64), np.empty(count)
        if not greedy:
            rule = SELECTIONS[self._select]
            picked[:] = [rule.fixed(state) for _ in range(count)]  # type: ignore[operator]
        s = state.z - self._offset
        g = np.array(state.gradient) if greedy else np.empty(state.problem.n)
        done = turned_at = 0
        while done < count:
            counts = np.array([idle, 0])
            new = self._call(picked[done:], changes[done:], counts, s, g)
            turned_at = done + int(counts[1]) if counts[1] else turned_at
            done, idle = done + new, int(counts[0])
            if done < count and len(self._inverses) and not self._ready[picked[done]]:
                self._invert(int(picked[done]))
            elif idle and greedy:
                break
        state.n_iter += done
        state.refresh()
        return History(picked[:done], changes[:done], idle, turned_at)

    def _call(self, picked: np.ndarray, changes: np.ndarray, counts: np.ndarray, s: np.ndarray, g: np.ndarray) -> int:
        from ._quadratic_loop import greedy, visit

        x = self.state.x
        if self._select not in _SCORES:
            return int(visit(picked, *self._blocks, *self._read, *self._write, *self._step, x, s, g, *self._buffers,
                             changes, counts))  # fmt: skip
        divisor, owner = self._scoring
        return int(greedy(picked, self._kind, divisor, owner, *self._blocks, *self._write, *self._back,
                          *self._step, x, s, g, *self._buffers, *self._work, changes, counts))  # fmt: skip

    def _invert(self, k: int) -> None:
        inverse = self.state.inverse(self.state.fixed(k)).ravel()
        self._inverses[self._corners[k] : self._corners[k] + len(inverse)] = inverse
        self._ready[k] = True
