"""What every transport solver returns: a problem, two potentials, and everything that follows from them."""

import functools
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from .._validation import check_nonnegative
from ..errors import InvalidArgument
from ..result import Result
from .feasibility import apart
from .rounding import repair_on_support, rounding

if TYPE_CHECKING:
    from scipy.sparse import csr_array

__all__ = ["OTResult"]

_BLOCK = 1 << 18  # entries of the plan formed at a time: small enough for the cache, large enough for NumPy


def _dot(x: np.ndarray, y: np.ndarray) -> float:
    """``x . y`` where ``0 * inf = 0``: an atom without mass costs nothing."""
    return float(np.multiply(x, y, out=np.zeros_like(x), where=x != 0).sum())


def _divergence(p: np.ndarray, q: np.ndarray, log_q: np.ndarray) -> float:
    """Sum ``p log(p/q) - p + q`` with every term computed nonnegative; q may have underflowed, log q has not."""
    close = np.abs(p - q) < 0.1 * q
    t = np.divide(p - q, q, out=np.zeros_like(p), where=close)
    near = q * ((1 + t) * np.log1p(t) - t)  # the plain formula would lose p - q to cancellation
    log_p = np.log(p, out=np.zeros_like(p), where=p > 0)
    far = np.where(p > 0, p * (log_p - np.where(p > 0, log_q, 0.0)), 0.0) - p + q
    return float(np.maximum(np.where(close, near, far), 0.0).sum())


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class OTResult(Result):
    r"""Solution of an entropic transport problem.

    .. math:: \min_{P \in \Pi(a, b)} \langle C, P\rangle + \varepsilon \sum_{ij} P_{ij}(\log P_{ij} - 1),
              \qquad P_{ij} = \exp\frac{f_i + g_j - C_{ij}}{\varepsilon}.

    Attributes
    ----------
    problem : Problem
        Cost (n, m), masses a (n,) and b (m,), and reg, the number :math:`\varepsilon` in units of the cost.
    f, g : ndarray, shapes (n,) and (m,)
        Potentials in units of the cost, in any gauge; see `potentials` for the fixed one.
    shift : pair of ndarray, optional
        Constants (u, v): f and g then belong to the cost :math:`C - u1^\top - 1v^\top`. A large constant in the cost
        would otherwise cost the potentials the digits that the plan needs.
    used : ndarray of bool, shape (n, m), optional
        Edges that carry mass in some feasible plan; None when all finite-cost edges between positive masses do.
    status, n_iter, error, tol, trace, floor
        As in `sparsetheory.result.Result`; the error is the L1 marginal error, both sides added. Error, tol and floor
        are in units of mass: ``tol`` is what the solver was given times the total mass.

    Notes
    -----
    Only the problem and the potentials are stored (and pickled). The plan is formed when asked for and then kept;
    every other quantity is computed from blocks of rows.
    """

    problem: Any
    f: np.ndarray
    g: np.ndarray
    shift: tuple[np.ndarray, np.ndarray] | None = None
    used: np.ndarray | None = None

    error_name: ClassVar[str] = "marginal error"

    # -- the plan ----------------------------------------------------------------------------------------------------

    def _cost_rows(self, at: slice) -> np.ndarray:
        """Rows of the cost; +inf on forbidden edges. What a problem without a cost matrix overrides."""
        return self.problem.cost[at]

    def _blocks(self) -> Iterator[tuple[slice, np.ndarray, np.ndarray]]:
        """Rows of the cost and of the logarithm of the plan, a block at a time; -inf where no mass may be."""
        a, b, reg = self.problem.a, self.problem.b, self.problem.reg
        empty_rows, empty_columns = a == 0, b == 0
        step = max(1, _BLOCK // len(b))
        for start in range(0, len(a), step):
            at = slice(start, min(start + step, len(a)))
            cost = self._cost_rows(at)
            log_plan = cost if self.shift is None else (cost - self.shift[0][at, None]) - self.shift[1]
            log_plan = self.f[at, None] + self.g - log_plan
            log_plan /= reg
            log_plan[empty_rows[at]] = -np.inf
            log_plan[:, empty_columns] = -np.inf
            if self.used is not None:
                log_plan[~self.used[at]] = -np.inf
            yield at, cost, log_plan

    @functools.cached_property
    def plan(self) -> np.ndarray:
        """The plan, shape (n, m), read-only; formed on first use and kept."""
        plan = np.empty((len(self.problem.a), len(self.problem.b)))
        for at, _, log_plan in self._blocks():
            with np.errstate(over="ignore", under="ignore"):
                np.exp(log_plan, out=plan[at])
        plan.flags.writeable = False
        return plan

    def _plan_blocks(self) -> Iterator[tuple[slice, np.ndarray, np.ndarray, np.ndarray]]:
        for at, cost, log_plan in self._blocks():
            with np.errstate(over="ignore", under="ignore"):  # not around the yield: it would reach the caller's code
                P = np.exp(log_plan)
            yield at, cost, log_plan, P

    def sparse_plan(self, tol: float = 1e-6) -> "csr_array":
        """Return the entries with ``P_ij > tol * a_i`` or ``P_ij > tol * b_j`` as a scipy CSR array.

        What is dropped is at most ``tol * m`` of the mass of any row and ``tol * n`` of any column; ``tol=0`` keeps
        every positive entry.
        """
        from scipy.sparse import csr_array, vstack

        tol = check_nonnegative(tol, "tol")
        a, b = self.problem.a, self.problem.b
        rows = [
            csr_array(np.where(tol * np.minimum(a[at, None], b) < P, P, 0.0))
            for at, _, _, P in self._plan_blocks()
        ]  # fmt: skip
        return csr_array(vstack(rows, format="csr"))

    def apply(self, v: np.ndarray, *, transposed: bool = False) -> np.ndarray:
        """Multiply the plan, or its transpose, by a vector or by the columns of a matrix, without forming the plan."""
        v = np.asarray(v)
        rows, columns = (len(self.problem.a), len(self.problem.b))[:: -1 if transposed else 1]
        if v.dtype.kind not in "biuf":
            raise InvalidArgument("v", "real numbers", f"dtype {v.dtype}")
        if v.ndim not in (1, 2) or len(v) != columns:
            raise InvalidArgument(
                "v", f"a vector of length {columns} or a matrix of {columns} rows", f"shape {v.shape}"
            )
        out = np.zeros((rows, *v.shape[1:]))
        for at, _, _, P in self._plan_blocks():
            if transposed:
                out += P.T @ v[at]
            else:
                out[at] = P @ v
        return out

    @functools.cached_property
    def marginals(self) -> tuple[np.ndarray, np.ndarray]:
        """Row sums (n,) and column sums (m,) of the plan, read-only."""
        rows, columns = np.empty(len(self.problem.a)), np.zeros(len(self.problem.b))
        for at, _, _, P in self._plan_blocks():
            rows[at] = P.sum(axis=1)
            columns += P.sum(axis=0)
        rows.flags.writeable = columns.flags.writeable = False
        return rows, columns

    @property
    def marginal_error(self) -> float:
        """L1 distance of the row sums from a plus L1 distance of the column sums from b."""
        rows, columns = self.marginals
        return float(np.abs(rows - self.problem.a).sum() + np.abs(columns - self.problem.b).sum())

    # -- potentials and values ---------------------------------------------------------------------------------------

    @property
    def potentials(self) -> tuple[np.ndarray, np.ndarray]:
        """(f, g) in units of the cost, for the plan ``exp((f + g - C)/reg)``, in the gauge ``sum_j g_j b_j = 0``."""
        u, v = self.shift if self.shift is not None else (0.0, 0.0)
        g = self.g + v
        centre = _dot(self.problem.b, g) / self.problem.b.sum()
        return self.f + u + centre, g - centre

    @functools.cached_property
    def value_linear(self) -> float:
        """Cost of the plan, ``<C, P>``; a forbidden edge carries no mass and costs nothing."""
        return math.fsum(
            np.multiply(cost, P, out=np.zeros_like(P), where=P > 0).sum() for _, cost, _, P in self._plan_blocks()
        )

    @property
    def value_entropic(self) -> float:
        """Value in the dual's own convention: ``<C, P> + reg * sum(P (log P - 1))``."""
        rows, columns = self.marginals
        f, g = self.potentials
        return _dot(rows, f) + _dot(columns, g) - self.problem.reg * float(rows.sum())

    @property
    def value(self) -> float:
        """``<C, P> + reg * sum(P log(P / (a b')))``, as ``ot.solve(..., reg_type="KL").value`` of POT."""
        (rows, columns), (f, g) = self.marginals, self.potentials
        return _dot(rows, self._relative(f, self.problem.a)) + _dot(columns, self._relative(g, self.problem.b))

    def _relative(self, potential: np.ndarray, mass: np.ndarray) -> np.ndarray:
        """Potential against the product a b' in place of 1: ``f - reg log a``; unchanged where there is no mass."""
        return potential - self.problem.reg * np.log(mass, out=np.zeros_like(mass), where=mass > 0)

    # -- certificates ------------------------------------------------------------------------------------------------

    def _feasible_blocks(self) -> Iterator[tuple[slice, np.ndarray, np.ndarray, np.ndarray, np.ndarray]]:
        """Blocks (rows, cost, log plan, plan, plan moved onto the polytope); nothing when no repair was found."""
        a, b = self.problem.a, self.problem.b
        rounded = rounding(self.apply, functools.partial(self.apply, transposed=True), a, b)
        if not self._touches_forbidden(rounded.row_gap > 0, rounded.column_share > 0):
            for at, cost, log_plan, P in self._plan_blocks():
                yield at, cost, log_plan, P, rounded(P, at)
            return
        repaired = repair_on_support(self.plan, a, b)  # the rank-one correction would use a forbidden edge
        if repaired is not None:
            for at, cost, log_plan, P in self._plan_blocks():
                yield at, cost, log_plan, P, repaired[at]

    def _touches_forbidden(self, rows: np.ndarray, columns: np.ndarray) -> bool:
        return any((np.isneginf(log_plan[rows[at]])[:, columns]).any() for at, _, log_plan in self._blocks())

    @functools.cached_property
    def gap(self) -> float:
        """Duality gap of the entropic problem: its value at the rounded plan minus the dual at the potentials.

        The difference equals ``reg * KL(rounded plan | plan)``, which is how it is computed: nonnegative term by term,
        with nothing to cancel. Infinite when no feasible plan was found near the iterate.
        """
        terms = [_divergence(Q, P, log_plan) for _, _, log_plan, P, Q in self._feasible_blocks()]
        return self.problem.reg * math.fsum(terms) if terms else math.inf

    def certificate(self) -> tuple[float, float]:
        """Bracket the value of the unregularised problem, ``min <C, P>`` over the same plans.

        Returns
        -------
        (lower, upper) : pair of float
            `lower` is the linear program's dual at ``f_i = min_j C_ij - g_j`` and the g that this f allows; `upper` is
            the cost of the rounded plan. Both are widened by a bound on the rounding of their own sums. Where rounding
            would use a forbidden edge the plan is corrected on its own support; should that fail, upper is inf.
        """
        a, b = self.problem.a, self.problem.b
        f, g = self._feasible_potentials()
        unit = (len(a) + len(b)) * np.finfo(float).eps
        lower = _dot(a, f) + _dot(b, g) - unit * (_dot(a, np.abs(f)) + _dot(b, np.abs(g)))
        cost_terms, largest, rows, columns = [], 0.0, np.zeros_like(a), np.zeros_like(b)
        for at, cost, log_plan, _, Q in self._feasible_blocks():
            cost_terms.append(np.multiply(cost, Q, out=np.zeros_like(Q), where=Q > 0).sum())
            largest = max(largest, np.abs(cost, out=np.zeros_like(cost), where=log_plan > -np.inf).max())
            rows[at], columns = Q.sum(axis=1), columns + Q.sum(axis=0)
        if not cost_terms:
            return float(lower), math.inf
        upper = math.fsum(cost_terms)
        # Q misses its marginals by rounding; a feasible plan is within twice that of it, entry by entry. Where edges
        # are forbidden, what is missing goes over at most n + m of the others.
        off = np.abs(rows - a).sum() + np.abs(columns - b).sum()
        detour = 2 if self.used is None else len(a) + len(b)
        return float(lower), float(upper + largest * (detour * off + unit * a.sum()))

    def _feasible_potentials(self) -> tuple[np.ndarray, np.ndarray]:
        """Make g feasible for the linear program: two c-transforms over the edges that can carry mass.

        What can carry mass was decided with a tolerance, so the pair is then made feasible for the other edges too.
        """
        a, b = self.problem.a, self.problem.b
        _, g = self.potentials
        f = np.zeros_like(a)
        columns = np.full_like(b, np.inf)
        with np.errstate(invalid="ignore"):
            for at, cost, log_plan in self._blocks():
                usable = log_plan > -np.inf
                f[at] = np.where(usable, cost - g, np.inf).min(axis=1)
                columns = np.minimum(columns, np.where(usable, cost - f[at, None], np.inf).min(axis=0))
        f, g = np.where(a > 0, f, 0.0), np.where(b > 0, columns, 0.0)
        if self.used is not None:
            slack = np.where((a > 0)[:, None] & (b > 0), self._cost_rows(slice(None)) - f[:, None] - g, np.inf)
            if (slack[~self.used] < 0).any():
                s, t = apart(slack, self.used)
                f, g = f + s, g + t
        return f, g

    # -- derivatives of `value` --------------------------------------------------------------------------------------

    @property
    def grad_cost(self) -> np.ndarray:
        """Derivative of `value` by the cost: the plan."""
        return self.plan

    @property
    def grad_a(self) -> np.ndarray:
        """Derivative of `value` by the masses a along directions that keep the total; mean zero where a is positive.

        It is ``f - reg log a`` up to a constant, and its continuous limit where a is zero. When the usable edges fall
        into several components, only directions that keep each component's balance have a derivative.
        """
        return self._mass_gradient(self.potentials[0], self.problem.a, transposed=False)

    @property
    def grad_b(self) -> np.ndarray:
        """Derivative of `value` by the masses b along directions that keep the total; mean zero where b is positive."""
        return self._mass_gradient(self.potentials[1], self.problem.b, transposed=True)

    def _mass_gradient(self, potential: np.ndarray, mass: np.ndarray, *, transposed: bool) -> np.ndarray:
        gradient = self._relative(potential, mass)
        if (mass == 0).any():
            gradient = np.where(mass > 0, gradient, self._soft_transform(transposed=transposed))
        return gradient - gradient[mass > 0].mean()

    def _soft_transform(self, *, transposed: bool) -> np.ndarray:
        """``-reg log sum_j exp((g_j - C_ij)/reg)`` over the columns with mass (or the same over rows)."""
        reg, (f, g) = self.problem.reg, self.potentials
        rows, columns = self.problem.a > 0, self.problem.b > 0
        total = np.full(len(g) if transposed else len(f), -np.inf)
        for at, cost, _ in self._blocks():
            if transposed:
                exponents = ((f[at, None] - cost) / reg)[rows[at]]
                total = np.logaddexp(total, np.logaddexp.reduce(exponents, axis=0, initial=-np.inf))
            else:
                total[at] = np.logaddexp.reduce(((g - cost) / reg)[:, columns], axis=1)
        return -reg * total

    # -- housekeeping ------------------------------------------------------------------------------------------------

    def _headline(self) -> str:
        n, m = len(self.problem.a), len(self.problem.b)
        return f"n={n} m={m} reg={self.problem.reg:.4g} value={self.value:.6g}"

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name in self.__dataclass_fields__}
