"""One run: select, update, record; and what is concluded from it."""

from typing import Any

import numpy as np

from .._loop import Chunk, Outcome, settle
from ..result import Status
from .approximate import Approximation
from .certificate import duality_gap, kkt_residual, reference_slope
from .quadratic_loop import QuadraticLoop, compiled_loop
from .result import BCDResult
from .selection import SELECTIONS, Greedy
from .state import Block, State
from .update import UPDATES

__all__ = ["Run"]

_PIECE = 100_000  # compiled iterations after which the image of x is computed afresh and an interrupt is heard
_WORTH = 10  # iterations between checkpoints from which on the compiled loop is worth its start
_REFRESH = 50  # iterations after which the image of x is computed afresh
_NEAR_FLOOR = 4.0  # residuals within this factor of the rounding estimate count as rounding
_IDLE_SWEEPS = 20  # sweeps without any change after which a rule that draws will find nothing either


class Run:
    """The rules at work on a state, and the history that they leave."""

    def __init__(
        self, state: State, select: str, update: str, approximate: Approximation | None,
        check_every: int | None, tol: float,
    ) -> None:  # fmt: skip
        self.state, self.select, self.update, self.approximate, self.tol = state, select, update, approximate, tol
        self._selection, self._step = SELECTIONS[select], UPDATES[update].step
        rule = self._selection
        self._certain = isinstance(rule, Greedy) and approximate is None
        worth = approximate is None and (check_every or state.n_blocks) >= _WORTH
        self._loop = compiled_loop(state, select, update) if worth else None
        sweep = min(state.n_blocks, _PIECE)
        self.check_every = check_every or (sweep if self._loop else rule.check_every) or state.n_blocks
        self.unit = reference_slope(state.problem)
        self.objectives = [state.objective()]
        self.visited: list[np.ndarray] = []
        self.identified_at = self._idle = self._since_refresh = self._last = self._stale_at = 0
        self._floor = 0.0
        self._safe = state.x.copy()

    def choose(self) -> Block:
        """Return the block that the selection picks now."""
        state, rule = self.state, self._selection
        if state.blocks is None:
            assert not isinstance(rule.variable, str)
            return Block(rule.variable(state), None)
        assert not isinstance(rule.fixed, str)
        if not isinstance(rule, Greedy):
            return state.fixed(rule.fixed(state))
        scores = rule.fixed(state)
        key = int(np.argmax(scores)) if self.approximate is None else self.approximate.pick(scores, state.rng)
        return state.fixed(key)

    def iterate(self) -> None:
        """Move one block and record it."""
        state, penalty = self.state, self.state.penalty
        block = self.choose()
        b = block.members
        before = penalty.pattern(state.x[b], b)
        moved = state.apply(block, self._step(state, block))
        if (penalty.pattern(state.x[b], b) != before).any():
            self.identified_at = state.n_iter
        self._idle = 0 if moved else self._idle + 1
        self.visited.append(b)
        self.objectives.append(state.objective())
        self._last = -1 if block.key is None else block.key

    def _iterate_one_by_one(self, count: int) -> None:
        for _ in range(count):
            self.iterate()
        self._since_refresh += count
        if self._since_refresh >= _REFRESH:
            self.state.refresh()
            self._since_refresh = 0

    def _iterate_compiled(self, loop: QuadraticLoop, count: int) -> int:
        """Do `count` iterations in the compiled loop, fewer where it stalls, and record them; return how many."""
        state, done = self.state, 0
        while done < count and not (self._certain and self._idle):
            before = state.n_iter
            history = loop.advance(min(count - done, _PIECE), self._idle)
            done, self._idle = done + len(history.picked), history.idle
            if history.turned_at:
                self.identified_at = before + history.turned_at
            blocks = state.blocks
            self.visited.extend(history.picked[:, None] if blocks is None else [blocks[k] for k in history.picked])
            self._last = -1 if blocks is None else int(history.picked[-1])
            later = np.cumsum(history.changes[::-1])[::-1]  # backwards: exact where F has settled
            self.objectives.extend((state.objective() - np.append(later[1:], 0.0)).tolist())
        return done

    def advance(self, budget: int) -> Chunk:
        """Do up to `check_every` iterations and measure."""
        state, done = self.state, min(budget, self.check_every)
        if self._loop is not None:
            done = self._iterate_compiled(self._loop, done)
        else:
            self._iterate_one_by_one(done)
        error = float(np.max(np.abs(state.penalty.steepest(state.x, state.gradient)))) / self.unit
        if np.isfinite(state.x).all() and np.isfinite(error):
            self._safe = state.x.copy()
        extra = {"support": int(np.count_nonzero(state.x)), "block": self._last}
        return Chunk(n_iter=done, error=error, objective=self.objectives[-1], stop=self._stop(error), extra=extra)

    def _stop(self, error: float) -> Status | None:
        """Return a reason to stop: nothing moves any more, or what is left is rounding."""
        enough = 1 if self._certain else _IDLE_SWEEPS * self.state.n_blocks
        if self._idle >= enough:
            return Status.STALLED
        if error < 1e-10:  # further away the estimate of rounding is not worth a pass, nor is it after every iteration
            if self.state.n_iter >= self._stale_at:
                self._floor = self.state.problem.rounding(self.state.x) / self.unit
                self._stale_at = self.state.n_iter + _REFRESH
            if error <= self._floor:
                return Status.STALLED
        return None

    def result(self, outcome: Outcome, tol: float, partition: Any) -> BCDResult:
        """Return the point with its certificate recomputed from the data; that decides the status."""
        state = self.state
        problem, penalty, x = state.problem, state.penalty, self._safe
        error = kkt_residual(problem, penalty, x) / self.unit
        floor = problem.rounding(x) / self.unit
        status = outcome.status
        if status is not Status.NONFINITE or error <= tol:
            status = settle(status, error, tol, floor if error <= _NEAR_FLOOR * floor else 0.0)
        x.flags.writeable = False
        return BCDResult(
            status=status, n_iter=outcome.n_iter, error=error, tol=tol, trace=outcome.trace, floor=floor, x=x,
            objective=problem.value(x, problem.image(x)) + float(penalty.entries(x).sum()),
            gap=duality_gap(problem, penalty, x), objectives=np.array(self.objectives), visited=tuple(self.visited),
            identified_at=self.identified_at, partition=partition if isinstance(partition, str) else "given",
            select=self.select, update=self.update,
        )  # fmt: skip
