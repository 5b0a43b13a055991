"""First and second derivatives of mixtures from the library's kernel: those of one expert are derivatives by b."""

from dataclasses import dataclass

import numpy as np

from sparsetheory import moe
from sparsetheory.moe.density import log_gate, log_joint
from sparsetheory.moe.gate import make_gate
from sparsetheory.moe.likelihood import Likelihood
from sparsetheory.moe.parameters import Layout, Parameters
from sparsetheory.verify import Bound, Broken, Budget, Grid, Measurement, Positive, Study, WrongBound, find
from sparsetheory.verify.rules import EveryInstance

EPS = np.finfo(float).eps
EXPERTS = 3
LEAST_SHARE = 0.1  # of the likeliest expert with a gate row in a sample, next to the likeliest of all
FREEDOM = 5.0  # of the Student-t densities in a broken model


@dataclass(frozen=True)
class Instance:
    """A mixture, whose last gate row is zero, and one sample from it."""

    measure: moe.MixingMeasure
    x: np.ndarray
    y: float
    gate: str


@dataclass(frozen=True)
class Outcome:
    """Derivatives of the numerator of p(y | x), over the numerator: first and second, by expert.

    Coordinates of an expert are gate row, expert row, log variance; `size` is what the rounding of a first derivative
    is relative to, and that of a second is relative to products of two.
    """

    first: np.ndarray
    second: np.ndarray
    size: np.ndarray


def generate(cell, rng):
    """Draw gates, experts, a temperature where there is one, and samples until an expert with a gate row counts."""
    d, free = int(cell["features"]), cell["gate"] == "temperature"
    rows = rng.normal(size=(EXPERTS, d + 1))
    rows[-1] = 0.0
    G = moe.MixingMeasure(
        rows[:, -1], rows[:, :-1], a=rng.normal(size=(EXPERTS, d)), b=rng.normal(size=EXPERTS),
        v=np.exp(rng.uniform(-1.5, 0.5, EXPERTS)), tau=float(np.exp(rng.uniform(-1, 1))) if free else 1.0,
    )  # fmt: skip
    while True:
        x = rng.uniform(-2, 2, size=(1, d))
        y = moe.simulate(G, x, rng)
        joint = log_joint(make_gate(cell["gate"], EXPERTS, temperature=G.tau), Parameters.of(G), x, y)[0]
        if np.exp(joint[:-1].max() - joint.max()) > LEAST_SHARE:
            return Instance(G, x[0], float(y[0]), cell["gate"])


def _own(layout, j):
    """Where the coordinates of an expert are in the full vector."""
    q, n_gate, n_rows = layout.q, layout.n_gate, layout.gate.n_experts * layout.q
    return np.r_[j * q : (j + 1) * q, n_gate + j * q : n_gate + (j + 1) * q, n_gate + n_rows + j]


def _normaliser(scores_by_rows, curvature, shares):
    """Gradient and Hessian of the log of the gate's denominator, rows of the gate one after the other."""
    pulls = shares[:, None] * scores_by_rows
    gradient = pulls.ravel()
    hessian = -np.outer(gradient, gradient)
    q = scores_by_rows.shape[1]
    for j, row in enumerate(scores_by_rows):
        block = slice(j * q, (j + 1) * q)
        hessian[block, block] += shares[j] * (np.outer(row, row) + curvature[j])
    return gradient, hessian


def _linear_scores(at, z, rows):
    """Derivatives of every score by its own row; they are linear."""
    return np.tile(z / at.tau, (rows, 1)), np.zeros((rows, len(z), len(z)))


def _distance_scores(at, z, rows):
    """Derivatives of -|x - W| + level."""
    away = z[:-1] - at.gate[:rows, :-1]
    length = np.linalg.norm(away, axis=1)[:, None]
    slopes, bends = np.ones((rows, len(z))), np.zeros((rows, len(z), len(z)))
    slopes[:, :-1] = away / length
    tangent = np.eye(len(z) - 1) - slopes[:, :-1, None] * slopes[:, None, :-1]
    bends[:, :-1, :-1] = -tangent / length[:, :, None]
    return slopes, bends


def _from_kernel(instance, name, scores):
    """Differentiate log p with the library's kernel, and add the derivatives of the log of the denominator."""
    G, d = instance.measure, len(instance.x)
    gate = make_gate(name, EXPERTS, temperature=G.tau)
    layout, at, x, y = Layout(gate, d), Parameters.of(G), instance.x[None], np.array([instance.y])
    one = Likelihood(x, y, np.ones(1), gate, layout, penalty=0.0, scale=1.0, ridge=0.0).derivatives(at)
    gradient, hessian = layout.spread @ one.gradient, layout.spread @ one.hessian @ layout.spread.T
    z, m = np.append(instance.x, 1.0), gate.n_rows
    below = _normaliser(*scores(at, z, m), np.exp(log_gate(gate, at, x))[0, :m])
    gradient[: layout.n_gate] += below[0]
    hessian[: layout.n_gate, : layout.n_gate] += below[1]
    hessian += np.outer(gradient, gradient)
    places = [_own(layout, j) for j in range(EXPERTS - 1)]
    first = np.array([gradient[p] for p in places])
    second = np.array([hessian[np.ix_(p, p)] for p in places])
    return Outcome(first, second, _sizes(gate, at, instance))


def _sizes(gate, at, instance):
    """Largest derivatives of the log of any term, by the coordinates of an expert, and the exponents they come with."""
    z = np.append(np.abs(instance.x), 1.0)
    residual = np.abs(instance.y - at.expert @ np.append(instance.x, 1.0))
    by_mean = max((residual / at.variance).max(), 1 / np.sqrt(at.variance.min()))
    by_variance = (residual**2 / at.variance).max() + 1.0
    joint = log_joint(gate, at, instance.x[None], np.array([instance.y]))
    return np.sqrt(1 + np.abs(joint).max()) * np.concatenate([z / at.tau, by_mean * z, [by_variance]])


def run(instance, rng):
    """Gaussian experts, scores linear in the covariates."""
    return _from_kernel(instance, instance.gate, _linear_scores)


def laplace_gate(instance, rng):
    """Scores -|x - W|, whose slopes are not the covariates."""
    return _from_kernel(instance, "laplace", _distance_scores)


def student_experts(instance, rng):
    """Student-t experts: derivatives of every term in closed form, the gate as it is."""
    at, z, nu = Parameters.of(instance.measure), np.append(instance.x, 1.0), FREEDOM
    gate = make_gate(instance.gate, EXPERTS, temperature=at.tau)
    r, s = instance.y - at.expert @ z, nu * at.variance
    far = s + r * r
    by_mean, by_log = (nu + 1) * r / far, 0.5 * ((nu + 1) * r * r / far - 1)
    bends = (nu + 1) / far**2 * np.array([r * r - s, -r * s, -0.5 * r * r * s])  # mean twice, both, log twice
    log_terms = log_gate(gate, at, instance.x[None])[0] - 0.5 * ((nu + 1) * np.log1p(r * r / s) + np.log(at.variance))
    shares = np.exp(log_terms - log_terms.max())
    shares /= shares.sum()
    first, second = [], []
    for j in range(EXPERTS - 1):
        own = np.concatenate([z / at.tau, by_mean[j] * z, [by_log[j]]])
        q, bend = len(z), np.zeros((len(own), len(own)))
        bend[q:-1, q:-1] = bends[0, j] * np.outer(z, z)
        bend[q:-1, -1] = bend[-1, q:-1] = bends[1, j] * z
        bend[-1, -1] = bends[2, j]
        first.append(shares[j] * own)
        second.append(shares[j] * (np.outer(own, own) + bend))
    return Outcome(np.array(first), np.array(second), _sizes(gate, at, instance))


def _entries(instance, outcome, j, variance):
    """Yield (value, covariates, derivative by b, q, r, size) for every derivative that has one of b to compare with."""
    z, tau = np.append(instance.x, 1.0), instance.measure.tau
    q, g, H, size = len(z), outcome.first[j], outcome.second[j], outcome.size
    gate, expert, last = slice(0, q), slice(q, 2 * q), 2 * q
    b = 2 * q - 1  # place of the expert's intercept
    none, once, twice = tau * g[q - 1], g[b], H[b, b]
    thrice = 2 * H[b, last] / variance  # by b and v, twice
    both, s = np.outer(z, z), np.outer(size, size)
    yield g[expert], z, once, 0, 0, size[expert]
    yield g[gate], z, none, 0, 1, size[gate]
    yield g[last] / variance, 1.0, twice, 1, 0, s[b, b] + size[last] / variance
    yield H[gate, gate], both, none, 0, 2, s[gate, gate]
    yield H[gate, expert], both, once, 0, 1, s[gate, expert]
    yield H[expert, expert], both, twice, 0, 0, s[expert, expert]
    yield H[gate, last] / variance, z, twice, 1, 1, s[gate, b] * size[b] + s[gate, last] / variance
    yield H[expert, last] / variance, z, thrice, 1, 0, s[expert, last] / variance


def _measurement(instance, outcome, variances):
    values, symbols, floors = [], [], []
    j = int(np.argmax(outcome.first[:, len(instance.x)]))  # by the gate's intercept: the one that the sample is due to
    for value, M, H, q, r, size in _entries(instance, outcome, j, variances[j]):
        values.append(np.ravel(value))
        symbols.append(np.stack(np.broadcast_arrays(np.ravel(M), H, q, r)) + np.zeros((4, values[-1].size)))
        floors.append(np.ravel(size) + np.zeros(values[-1].size))
    M, H, q, r = np.concatenate(symbols, axis=1)
    # sums over experts of products that carry the rounding of their responsibilities, on either side
    floor = 32 * EPS * np.concatenate(floors)
    return Measurement(
        value=np.concatenate(values), at={"M": M, "H": H, "q": q, "r": r, "tau": instance.measure.tau}, floor=floor
    )


def measure(instance, outcome):
    """First and second derivatives of an expert, but the second by v, which only one of order 4 could be held to."""
    return _measurement(instance, outcome, instance.measure.v)


def measure_deviation(instance, outcome):
    """Take the standard deviation for the parameter: derivatives by it are 2 s times those by v."""
    return _measurement(instance, outcome, 0.5 * np.sqrt(instance.measure.v))


STRATA = ({"gate": "softmax"}, {"gate": "temperature"})

STUDY = Study(
    claim="moe.derivative_identities",
    generate=generate,
    run=run,
    measure=measure,
    rule=EveryInstance(alternative="two-sided", quantity="derivatives of a mixture"),
    quick=Budget(grid=Grid(axis="features", sizes=(1, 3), strata=STRATA), replicates=10),
    full=Budget(grid=Grid(axis="features", sizes=(1, 2, 4), strata=STRATA), replicates=110),
    controls=(
        WrongBound(
            bound=Bound("M*H/(kappa**q*tau**r)", kappa="2", **find("moe.derivative_identities").bound.symbols),
            neutral=2.0,
            kappa=2.02,
            scan=(2 + 1e-12, 2 + 1e-10, 2 + 1e-8, 2 + 1e-6, 2.0001, 2.02),
        ),
        Broken(name="Student-t experts", run=student_experts),
        Broken(name="scores that are distances", run=laplace_gate),
        Broken(name="standard deviations as parameters", measure=measure_deviation),
        Positive(),
    ),
    notes=(
        r"Three experts and one sample. Gradient and Hessian of $\log p(y \mid x)$ come from the library's kernel; "
        r"with those of the gate's denominator added they give the derivatives of the numerator, the sum of three "
        r"$T_j$. All first and second derivatives by the parameters of the expert that the sample is most likely due "
        r"to, of those with gate parameters, are held against $x$, $\tau$ and the derivatives by its $b$; that of "
        r"third order is read off the derivative by $b$ and $v$. Controls have the same derivatives, just as exact, of "
        r"other models: with Student-t experts the identity of the heat equation fails, with scores that are distances "
        r"that of the gate."
    ),
)  # fmt: skip
