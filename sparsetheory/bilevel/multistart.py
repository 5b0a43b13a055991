"""Bilevel problems whose lower level has several local minimisers: many starts on both levels, every answer checked."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from functools import partial
from itertools import pairwise
from typing import Any, TypeVar

import numpy as np

from .._validation import check_count, check_generator, check_positive, check_vector
from ..errors import InvalidArgument
from ..result import OnFailure, Status, check_on_failure, conclude
from .given_sets import as_set, check_inside
from .lower_search import LowerPoint, LowerSearch, draw_starts
from .lower_unit import lower_unit
from .minimization import minimize
from .oracles import Counts, OracleFailure, Oracles
from .problem import Problem
from .result import BilevelResult

__all__ = ["SearchResult", "search_from_many_starts"]

T = TypeVar("T")

_HALVINGS = 36
_RESTARTS = 4
_BROKEN = (OracleFailure, ValueError, np.linalg.LinAlgError)
_JUMP = "Another lower solution ties here: psi may jump, and no gradient certifies the point."


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class SearchResult(BilevelResult):
    """The best point whose lower solution no sampled start could beat.

    Attributes
    ----------
    verified : bool
        Whether y came within `gap_tol` of the least lower value that `n_lower` starts found at x. That is a sample,
        not a proof: a better lower solution may have been missed.
    sampled_gap : float
        g(x, y) less that least value.
    n_lower : int
        Lower starts of every check.
    n_runs : int
        Runs of `minimize`.
    n_restarts : int
        Of these, those from a lower solution that beat the one a run had ended with.
    n_jumps : int
        Points looked at where the global lower solution leaves the branch that was followed.
    n_refused : int
        Ends of runs whose lower solution turned out not to be global.
    n_broken : int
        Starts given up where a callable or a projection returned something that is not finite.
    """

    verified: bool
    sampled_gap: float
    n_lower: int
    n_runs: int
    n_restarts: int
    n_jumps: int
    n_refused: int
    n_broken: int

    @property
    def message(self) -> str:
        """The status in a sentence, with what was sampled."""
        how = f"lower solution checked against {self.n_lower} starts, not proved global"
        if not self.verified:
            how = f"a better lower solution is known (gap {self.sampled_gap:.1e})"
        return f"{super().message} {self.n_runs} runs; {how}."


@dataclass
class _Tally:
    runs: int = 0
    restarts: int = 0
    jumps: int = 0
    refused: int = 0
    broken: int = 0


def search_from_many_starts(
    problem: Problem,
    x0: Any,
    y0: Any,
    *,
    rng: np.random.Generator,
    n_starts: int = 20,
    n_lower: int = 12,
    around: tuple[Any, Any] | None = None,
    gap_tol: float = 1e-6,
    tol: float = 1e-6,
    max_iter: int = 300,
    on_failure: OnFailure = "warn",
) -> SearchResult:
    r"""Minimise over x the value f(x, y) at *global* solutions y of the lower level, as far as samples can tell.

    .. math:: \min_{x \in X} \psi(x), \qquad \psi(x) = \min \{ f(x, y) : y \in \arg\min_{y' \in Y} g(x, y') \}

    From each upper start the lower level is solved from many lower starts, `minimize` goes on from the best one, and
    the lower solution at its end is checked the same way. Where a start beats it, the run has left the region in which
    its branch is global: the point of the way where the two tie is kept, found by halving, and a run starts on the
    better branch. Points where the best branch changes between neighbouring starts are looked at as well: a
    discontinuous psi often has its minimum there.

    Parameters
    ----------
    problem : Problem
    x0 : array_like, shape (p,)
        First upper start, a point of X.
    y0 : array_like, shape (q,)
        First lower start, a point of Y.
    rng : numpy.random.Generator
        Draws the other starts, one in each of as many equal parts of every coordinate's range.
    n_starts : int, default 20
        Upper starts beside the first.
    n_lower : int, default 12
        Lower starts of every check.
    around : (low, high), optional
        Range of the drawn upper starts, numbers or arrays of shape (p,); by default the bounds of X where it is a
        `Box`, elsewhere ten times ``1 + |x0|`` to either side of x0.
    gap_tol : float, default 1e-6
        Relative difference of lower values that counts as a tie.
    tol : float, default 1e-6
        Stationarity asked of each run.
    max_iter : int, default 300
        Most upper steps of each run.
    on_failure : {"warn", "raise", "ignore"}

    Returns
    -------
    SearchResult
        The verified point with the least f. At a jump of psi its status is ``stalled``: no gradient can certify it.

    Raises
    ------
    InvalidArgument
        As `minimize`; also where `rng` is no generator or a range is empty.
    ConvergenceError
        With ``on_failure="raise"``, where the point is not stationary or not verified.

    Examples
    --------
    The lower solution jumps from 1 to -1 at x = 1/4, and psi from 1/4 to 1 (Mitsos and Barton 2006, example 3.14):

    >>> import numpy as np
    >>> from sparsetheory import bilevel
    >>> problem = bilevel.Problem(
    ...     f=lambda x, y: float((x[0] - 0.25) ** 2 + y[0] ** 2),
    ...     g=lambda x, y: float(y[0] ** 3 / 3 - x[0] * y[0]),
    ...     grad_f=lambda x, y: (2 * x - 0.5, 2 * y),
    ...     grad_g=lambda x, y: (-y, y**2 - x),
    ...     X=bilevel.Box(-1, 1), Y=bilevel.Box(-1, 1),
    ... )
    >>> rng = np.random.default_rng(0)
    >>> found = bilevel.search_from_many_starts(problem, [1.0], [1.0], rng=rng, on_failure="ignore")
    >>> found.x.round(4), found.y.round(4), found.verified
    (array([0.25]), array([0.5]), True)
    """
    if not isinstance(problem, Problem):
        raise InvalidArgument("problem", "a bilevel.Problem", type(problem).__name__)
    rng = check_generator(rng, "rng")
    x, y = check_vector(x0, "x0"), check_vector(y0, "y0")
    n_starts, n_lower = check_count(n_starts, "n_starts"), check_count(n_lower, "n_lower")
    gap_tol, tol = check_positive(gap_tol, "gap_tol"), check_positive(tol, "tol")
    max_iter, on_failure = check_count(max_iter, "max_iter"), check_on_failure(on_failure)
    X, Y = as_set(problem.X, len(x), "X"), as_set(problem.Y, len(y), "Y")
    check_inside(X, x, "x0")
    check_inside(Y, y, "y0")
    oracles = Oracles(problem, len(x), len(y))
    oracles = replace(oracles, unit=lower_unit(oracles, x, y, Y))
    upper = [x, *draw_starts(X, x, around, n_starts, rng)]
    lower = LowerSearch(oracles, Y, [y, *draw_starts(Y, y, None, n_lower - 1, rng)], gap_tol)
    search = _Search(problem, lower, tol, max_iter)
    search.run_all(upper, y)
    return conclude(search.result(n_lower), on_failure)


class _Search:
    """All runs of one search and the best verified point."""

    def __init__(self, problem: Problem, lower: LowerSearch, tol: float, max_iter: int) -> None:
        self.problem, self.lower, self.tol, self.max_iter = problem, lower, tol, max_iter
        self.tally, self.spent = _Tally(), Counts()
        self.best: tuple[LowerPoint, BilevelResult] | None = None

    def run_all(self, starts: Sequence[np.ndarray], y: np.ndarray) -> None:
        """Run from every start, then look between neighbours."""
        found = [self._attempt(partial(self.lower.best_at, x, y)) for x in starts]
        firsts = [first for first in found if first is not None]
        for first in firsts:
            self._attempt(partial(self._run, first))
        for a, b in pairwise(firsts[1:]):
            for one, other in ((a, b), (b, a)):
                self._attempt(partial(self._look_for_jump, one, other.x))

    def _attempt(self, action: Callable[[], T]) -> T | None:
        """Return what an action says; None, counted, where callables or projections have no values."""
        try:
            return action()
        except _BROKEN:
            self.tally.broken += 1
            return None

    def _minimize(self, at: LowerPoint) -> BilevelResult:
        found = minimize(self.problem, at.x, at.y, tol=self.tol, max_iter=self.max_iter, on_failure="ignore")
        self.tally.runs += 1
        self.spent = _sum(self.spent, found.counts)
        return found

    def _run(self, start: LowerPoint) -> None:
        for k in range(_RESTARTS + 1):
            found = self._minimize(start)
            self.tally.restarts += k > 0
            refused = self.lower.beats(found.x, found.y)
            end = self.lower.best_at(found.x, found.y)
            if not refused:
                self._keep(end, found)
                return
            self.tally.refused += 1
            self._keep(end, found, moved=True)
            self._look_for_jump(start, found.x)
            start = end

    def _look_for_jump(self, start: LowerPoint, to: np.ndarray) -> None:
        """Follow the branch of a global solution towards a point; keep where it stops to be global."""
        low, high, y = 0.0, 1.0, start.y
        way = to - start.x
        if not self.lower.beats(to, self.lower.descend(to, y)):
            return
        self.tally.jumps += 1
        for _ in range(_HALVINGS):
            middle = 0.5 * (low + high)
            x = start.x + middle * way
            there = self.lower.descend(x, y)
            if self.lower.beats(x, there):
                high = middle
            else:
                low, y = middle, there
        point = self.lower.best_at(start.x + low * way, y)
        if self.best is None or point.value < self.best[0].value:
            found = self._minimize(point)
            self._keep(point, found, moved=True)
            if not self.lower.beats(found.x, found.y):
                self._keep(self.lower.best_at(found.x, found.y), found)

    def _keep(self, point: LowerPoint, found: BilevelResult, *, moved: bool = False) -> None:
        """Remember a verified point; `moved` says that it is not where the run ended."""
        if moved:
            unknown = np.full(len(point.x), np.nan)
            found = replace(
                found, status=Status.STALLED, kind="jump", error=np.inf, hypergradient=unknown, reason=_JUMP
            )
        if self.best is None or point.value < self.best[0].value:
            self.best = point, found

    def result(self, n_lower: int) -> SearchResult:
        """Return the best verified point with the counts of all runs."""
        if self.best is None:
            raise InvalidArgument("f", "finite numbers near some start", "NaN or infinity near all of them")
        (point, found), unit = self.best, self.lower.oracles.unit
        given = {each.name: getattr(found, each.name) for each in fields(BilevelResult)}
        given |= {
            "x": point.x, "y": point.y, "fun": point.value, "lower_gap": point.gap * unit,
            "psi_bracket": (point.value, point.value) if found.kind == "jump" else found.psi_bracket,
            "lower_residual": self.lower.residual(point.x, point.y) * unit,
            "counts": _sum(self.spent, self.lower.oracles.counts),
        }  # fmt: skip
        return SearchResult(
            **given, verified=self.lower.verifies(point), sampled_gap=point.gap * unit, n_lower=n_lower,
            n_runs=self.tally.runs, n_restarts=self.tally.restarts, n_jumps=self.tally.jumps,
            n_refused=self.tally.refused, n_broken=self.tally.broken,
        )  # fmt: skip


def _sum(one: Counts, other: Counts) -> Counts:
    return Counts(**{each.name: getattr(one, each.name) + getattr(other, each.name) for each in fields(Counts)})
