"""The true hypergradient where F2BA stalls at a fixed sigma, against sigma times a constant in closed form."""

from dataclasses import dataclass, replace

import numpy as np

from sparsetheory import bilevel
from sparsetheory.bilevel.complexity_study import Case, arrive_alone
from sparsetheory.bilevel.known_problems import coupled
from sparsetheory.verify import Bound, Broken, Budget, Grid, Measurement, Positive, Study, WrongBound, find
from sparsetheory.verify.rules import Drift

STALLED = 1e-5  # stationarity of psi_sigma at the end of a run, over sigma
ROUNDING = 1e-15  # of a slope of g, before it is divided by sigma
LEVELS = ({"f": "of x and y"}, {"f": "of y alone"})
SLOPE_OFF = 1e-3  # of the control


@dataclass(frozen=True, eq=False)
class Drawn:
    """A problem with its matrices: f = |U x + V y - c|^2/2, g = (y - A x)'H(y - A x)/2, and B = U + V A."""

    case: Case
    B: np.ndarray
    V: np.ndarray
    H: np.ndarray
    A: np.ndarray
    c: np.ndarray


def _regular(rng, rows, columns):
    """Draw a matrix with singular values between 0.8 and 1.25."""
    left = np.linalg.qr(rng.standard_normal((rows, rows)))[0]
    right = np.linalg.qr(rng.standard_normal((columns, columns)))[0]
    k = min(rows, columns)
    return left[:, :k] @ (rng.uniform(0.8, 1.25, k)[:, None] * right[:k])


def generate(cell, rng):
    """Draw two upper and four or five lower variables; psi is least where the three or four residuals are not zero."""
    m, r = int(rng.integers(4, 6)), int(rng.integers(3, 5))
    B, V, c = _regular(rng, r, 2), _regular(rng, r, m), rng.standard_normal(r)
    basis = np.linalg.qr(rng.standard_normal((m, m)))[0]
    H = (basis * rng.uniform(0.5, 1.0, m)) @ basis.T
    H = (H + H.T) / 2
    alone = cell["f"] == "of y alone"
    A = V.T @ np.linalg.solve(V @ V.T, B) if alone else 0.5 * rng.standard_normal((m, 2))
    known = coupled(0 * B if alone else B - V @ A, V, c, H, A)
    best = np.linalg.lstsq(B, c, rcond=None)[0]
    sigma = cell["sigma"]
    case = Case(known=known, start=best + rng.standard_normal(2), eps=STALLED * sigma, sigma=sigma, upper_step=0.5)
    return Drawn(case, B, V, H, A, c)


def run(drawn, rng):
    """Run F2BA until psi_sigma is as good as stationary; return the point."""
    return arrive_alone(drawn.case, STALLED * drawn.case.sigma, {"upper_step": drawn.case.upper_step}).x


def _bias(drawn, x, sigma, mixed):
    """Return the difference of both gradients over sigma; `mixed` is F_xy - G H^-1 F_yy."""
    V, H = drawn.V, drawn.H
    return mixed @ np.linalg.solve(H + sigma * V.T @ V, V.T @ (drawn.B @ x - drawn.c))


def level(drawn, x):
    """The true hypergradient where the run stalled, against its leading term, which is that at the least psi."""
    best = np.linalg.lstsq(drawn.B, drawn.c, rcond=None)[0]
    constant = float(np.linalg.norm(_bias(drawn, best, 0.0, drawn.B.T @ drawn.V)))
    exact = float(np.linalg.norm(drawn.case.known.gradient(x)))
    return Measurement(value=exact, at={"s": drawn.case.sigma, "c": constant}, floor=ROUNDING / drawn.case.sigma)


def measure(drawn, x):
    """The same, and the exact formula at this point: off by what is left of the gradient of psi_sigma."""
    return _against(drawn, x, drawn.B.T @ drawn.V)


def _against(drawn, x, mixed):
    sigma = drawn.case.sigma
    off = drawn.case.known.gradient(x) - sigma * _bias(drawn, x, sigma, mixed)
    left = STALLED * sigma + ROUNDING / sigma
    return replace(level(drawn, x), must_vanish={"exact formula": (float(np.linalg.norm(off)), left)})


def forgotten(drawn, x):
    """The formula without the mixed derivative of f."""
    return _against(drawn, x, (drawn.V @ drawn.A).T @ drawn.V)


def central(drawn, rng):
    """Where the central difference vanishes: it is affine in x, and Newton's method with exact differences finds it."""
    x = np.asarray(drawn.case.start)
    for _ in range(2):  # the second time for what rounding left
        here = _central(drawn, x)
        bend = np.array([_central(drawn, x + e) - here for e in np.eye(2)]).T
        x = x - np.linalg.solve(bend, here)
    return x


def _central(drawn, x):
    known, sigma = drawn.case.known, drawn.case.sigma
    return bilevel.hypergradient(
        known.problem, x, known.solution(x), method="central", sigma=sigma, tol=1e-13 / sigma
    ).gradient


def off_slope(drawn, rng):
    """A lower slope that is off by a constant, with the lower values that belong to it."""
    known = drawn.case.known
    problem = known.problem

    def grad_g(x, y):
        by_x, by_y = problem.grad_g(x, y)
        return by_x, by_y + SLOPE_OFF

    wrong = replace(problem, g=lambda x, y: problem.g(x, y) + SLOPE_OFF * y.sum(), grad_g=grad_g)
    return run(replace(drawn, case=replace(drawn.case, known=replace(known, problem=wrong))), rng)


SYMBOLS = dict(find("bilevel.stall_level").bound.symbols)

STUDY = Study(
    claim="bilevel.stall_level",
    generate=generate,
    run=run,
    measure=measure,
    rule=Drift(alternative="two-sided", margin=0.02, correction=None, quantity="hypergradient at the stall"),
    quick=Budget(grid=Grid(axis="sigma", sizes=(1e-3, 2e-3, 5e-3, 1e-2), strata=LEVELS), replicates=3),
    full=Budget(grid=Grid(axis="sigma", sizes=(1e-4, 3e-4, 1e-3, 2e-3, 5e-3, 1e-2), strata=LEVELS), replicates=15),
    controls=(
        WrongBound(
            bound=Bound("s**kappa*c", kappa="power of sigma", **SYMBOLS), neutral=1.0, kappa=1.5,
            scan=(1.01, 1.02, 1.025, 1.03, 1.05, 1.1, 1.2, 1.5, 2.0),
        ),
        Broken(name="central difference: power 2", run=central, measure=level),
        Broken(name="a lower slope that is off by 1e-3", run=off_slope, measure=level),
        Broken(name="the mixed derivative of f forgotten", measure=forgotten),
        Positive(),
    ),
    common_random_numbers=True,  # a replicate is one problem at all sigmas
    notes=(
        r"Two upper and four or five lower variables, $f = \frac12 |U x + V y - c|^2$, $g = \frac12 (y - A x)^\top H "
        r"(y - A x)$ with condition numbers to 2, and $f$ of $y$ alone ($U = 0$) as well. F2BA chooses its steps and "
        r"ends where $|\nabla \psi_\sigma| \leq 10^{-5} \sigma$. The drift is that against $\sigma$ times the constant "
        r"at the least $\psi$; that the exact formula holds at every end is a side condition."
    ),
)  # fmt: skip
