"""Small random assignment problems at falling regularisation: distance to the vertex against Weed's bound."""

from dataclasses import dataclass, replace

import numpy as np

from sparsetheory import ot
from sparsetheory.ot.assignment import AssignmentGap, vertex_gap
from sparsetheory.verify import Bound, Broken, Budget, Grid, Measurement, Positive, Study, WrongBound, find
from sparsetheory.verify.rules import Drift

EPS = np.finfo(float).eps
DEPTH = 18.0  # largest eta * cycle_mean: errors down to e^-18 = 2e-8, a thousand times the floor
LEAST_RATE = 0.02  # least cycle_mean, so that eta * max C <= 900
LEAST_RANGE = 3.0  # least ratio of the last eta to the first; bounds cycle_mean / gap, hence the spread of the slopes


@dataclass(frozen=True)
class Instance:
    """Costs with their vertices and the place on the axis."""

    C: np.ndarray
    vertices: AssignmentGap
    eta: float


def _threshold(n, gap):
    """Where the theorem's regime begins."""
    return (1 + 2 * np.log(n)) / gap


def _usable(n, found):
    if found.cycle_mean < LEAST_RATE or found.gap <= 0:
        return False
    return DEPTH / found.cycle_mean >= LEAST_RANGE * _threshold(n, found.gap)


def _eta(n, found, progress):
    """From the theorem's threshold (progress 0) to the depth that double precision can show (progress 1)."""
    first = _threshold(n, found.gap)
    return first + progress * (DEPTH / found.cycle_mean - first)


def generate(cell, rng):
    """Draw uniform costs until the regime fits into double precision, the same ones for every eta."""
    n = cell["atoms"]
    while True:
        C = rng.random((n, n))
        found = vertex_gap(C)
        if _usable(n, found):
            return Instance(C, found, _eta(n, found, cell["progress"]))


def run(instance, rng):
    """Solve at reg = 1/eta as tightly as double precision allows."""
    return _solve(instance.C, instance.eta)


def _solve(C, eta):
    n = len(C)
    weights = np.full(n, 1 / n)
    return ot.solve(C, weights, weights, reg=1 / eta, tol=1e-15, on_failure="ignore")


def _measurement(instance, error, floor):
    n, eta, gap = len(instance.C), instance.eta, instance.vertices.gap
    at = {"n": n, "eta": eta, "gap": gap}
    bound = float(find("ot.exponential_convergence").bound(**at))
    conditions = {
        "excess over the bound": (max(error - bound, 0.0), floor),
        "excess over the sharper bound": (max(error - bound / (3 * n), 0.0), floor),
    }
    if n == 2:
        conditions["distance to the closed form"] = (abs(error - 2 / (1 + np.exp(eta * gap))), floor)
    return Measurement(value=error, at=at, floor=floor, must_vanish=conditions)


def measure(instance, result):
    """Distance of the plan to the best vertex.

    The floor: exponents (f + g - C) eta carry a relative rounding of a few units, and a marginal error of the plan
    moves each of the n rows by that much at most.
    """
    n, scale = len(instance.C), instance.eta * np.ptp(instance.C)
    floor = 8 * EPS * (1 + scale) + n * result.marginal_error
    return _measurement(instance, float(np.abs(result.plan - instance.vertices.plan).sum()), floor)


def recheck(instance, result):
    """Solve the instance again with 50 digits, by Newton's method on the dual from the solver's potentials."""
    return _measurement(instance, _distance_in_50_digits(instance, result), 8 * EPS)


def _distance_in_50_digits(instance, result):
    import mpmath as mp

    with mp.workdps(50):
        n, eta = len(instance.C), mp.mpf(instance.eta)
        g = [mp.mpf(float(x)) for x in result.potentials[1]]
        for _ in range(60):
            K = mp.matrix(n, n)
            for i in range(n):
                weights = [mp.exp(eta * (g[j] - mp.mpf(float(instance.C[i, j])))) for j in range(n)]
                total = mp.fsum(weights)
                for j in range(n):
                    K[i, j] = weights[j] / total / n
            missing = [mp.mpf(1) / n - mp.fsum(K[i, j] for i in range(n)) for j in range(n)]
            if max(abs(x) for x in missing) < mp.mpf(10) ** -40:
                break
            hessian = mp.matrix(n - 1, n - 1)  # semi-dual, last potential fixed
            for j in range(n - 1):
                for k in range(n - 1):
                    column = mp.fsum(K[i, j] for i in range(n)) if j == k else mp.mpf(0)
                    hessian[j, k] = eta * (column - n * mp.fsum(K[i, j] * K[i, k] for i in range(n)))
            step = mp.lu_solve(hessian, mp.matrix(missing[:-1]))
            g = [g[j] + step[j] for j in range(n - 1)] + [g[-1]]
        else:
            raise ArithmeticError("Newton's method in 50 digits did not converge")
        best = instance.vertices.columns
        return float(mp.fsum(abs(K[i, j] - (mp.mpf(1) / n if best[i] == j else 0)) for i in range(n) for j in range(n)))


def generate_tie(cell, rng):
    """Plant a second optimal vertex: the cost of the swap of two rows is lowered to nothing.

    The gap and the rate are still those of the problem without the tie, as one would compute them in its absence.
    """
    instance = generate(cell, rng)
    C, columns = instance.C.copy(), instance.vertices.columns
    i, k = 0, 1
    C[i, columns[k]] = C[i, columns[i]]
    C[k, columns[i]] = C[k, columns[k]]
    return replace(instance, C=C)


def half_temperature(instance, rng):
    """Solve at twice the regularisation that is reported."""
    return _solve(instance.C, instance.eta / 2)


ATOMS = tuple({"atoms": n} for n in (2, 3, 4, 5))
SYMBOLS = dict(find("ot.exponential_convergence").bound.symbols)

STUDY = Study(
    claim="ot.exponential_convergence",
    generate=generate,
    run=run,
    measure=measure,
    recheck=recheck,
    rule=Drift(margin=0.05, alternative="upper", log_axis=False, axis="eta*gap", quantity="distance"),
    quick=Budget(grid=Grid(axis="progress", sizes=(0.02, 0.25, 0.5, 0.75, 1), strata=ATOMS), replicates=20),
    full=Budget(grid=Grid(axis="progress", sizes=(0.02, 0.2, 0.4, 0.6, 0.8, 1), strata=ATOMS), replicates=200),
    controls=(
        WrongBound(
            bound=Bound("6*n**2*exp(-kappa*eta*gap)", kappa="factor in the exponent", **SYMBOLS),
            neutral=1.0,
            kappa=1.5,
            scan=(1.02, 1.04, 1.06, 1.08, 1.1, 1.15, 1.2, 1.5, 2.0),
        ),
        Broken(name="a tied vertex", generate=generate_tie),
        Broken(name="twice the regularisation", run=half_temperature),
        Positive(),
    ),
    common_random_numbers=True,
    notes=(
        r"Uniform weights, costs uniform on $[0, 1]$, drawn again until the least mean alternating cycle $\mu^*$ is at "
        r"least $0.02$ and the range from the threshold $(1 + 2 \log n)/\Delta$ to $18/\mu^*$, where the distance "
        r"nears rounding, spans a factor 3. The true exponent is $\mu^*$, not $\Delta$: the drift is "
        r"$1 - \mu^*/\Delta$, zero for $n = 2$ and negative beyond. For $n = 2$ the distance is $2/(1 + \exp(\eta "
        r"\Delta))$, at the same places $\eta \Delta$ in all replicates: without noise its interval has no width, and "
        r"what drift remains is that of the closed form. Every single value is held against the bound, and "
        r"against $2 n \exp(-\eta \Delta)$, as a side condition."
    ),
)
