r"""Slopes of gate and expert bring down a covariate each, and a derivative by the variance is half of two by b.

The last is the heat equation, which the normal density solves. What each derivative does to $T$ commutes with the
others, so that all mixed ones follow by counting.
"""

import functools
import itertools

import sympy as sp

from sparsetheory.verify import Proof, Step, find

CLAIM = find("moe.derivative_identities")
HYPOTHESES = (
    r"linear scores: $\partial T/\partial \beta_{1u} = (x_u/\tau) \, T$",
    r"Gaussian experts in terms of the variance: $\partial^2 T/\partial b^2 = 2 \, \partial T/\partial v$",
)
X = sp.symbols("x_1 x_2", real=True)
BETA, A = sp.symbols("beta_1 beta_2", real=True), sp.symbols("a_1 a_2", real=True)
Y, LEVEL, B = sp.symbols("y beta_0 b", real=True)
V, TAU = sp.symbols("v tau", positive=True)
U, W, T_INVERSE = sp.symbols("u w t")  # (y - a x - b) / v, 1 / v and 1 / tau
HALF = sp.Rational(1, 2)
ORDER = 4  # mixed derivatives up to this total order are checked one by one


def _gaussian(r, v):
    """The log density of a residual, up to a constant."""
    return -(r**2) / (2 * v) - sp.log(v) / 2


def _student(r, v):
    """That of Student's t with five degrees of freedom."""
    return -3 * sp.log(1 + r**2 / (5 * v)) - sp.log(v) / 2


def _heat(log_density):
    """The second derivative by b against the first by v, over the density; b moves the residual."""
    r = sp.Symbol("r", real=True)
    log_f = log_density(r, V)
    gap = sp.factor(sp.diff(log_f, r, 2) + sp.diff(log_f, r) ** 2 - 2 * sp.diff(log_f, V))
    return gap == 0, f"difference over the density: {gap}"[:80]


def _deviation(constant):
    """With v = s^2 the heat equation is f_bb = f_s / s."""
    r, s = sp.Symbol("r", real=True), sp.Symbol("s", positive=True)
    log_f = _gaussian(r, s**2)
    gap = sp.factor(sp.diff(log_f, r, 2) + sp.diff(log_f, r) ** 2 - constant * sp.diff(log_f, s) / s)
    return gap == 0, f"difference over the density: {gap}"[:80]


def _linear_score():
    return sum(b * x for b, x in zip(BETA, X, strict=True))


def _distance_score():
    return -sp.sqrt(sum((x - b) ** 2 for b, x in zip(BETA, X, strict=True)))


def _slopes(score):
    """With any function f of the residual for density: what slopes of gate and expert bring down, and the identity."""
    f = sp.Function("f")
    T = sp.exp((score + LEVEL) / TAU) * f(Y - sum(a * x for a, x in zip(A, X, strict=True)) - B)
    gaps = []
    for u, x in enumerate(X):
        gaps += [
            sp.diff(T, BETA[u]) - x / TAU * T, sp.diff(T, A[u]) - x * sp.diff(T, B),
            TAU * sp.diff(T, BETA[u], B) - sp.diff(T, A[u]),
        ]  # fmt: skip
    left = sum(sp.expand(gap.doit()) != 0 for gap in gaps)
    return left == 0, f"{left} of {len(gaps)} identities fail"


def _by_b(P):
    return sp.expand(P * U - sp.diff(P, U) * W)


def _by_v(P, half=HALF):
    return sp.expand(half * P * (U**2 - W) - sp.diff(P, U) * U * W - sp.diff(P, W) * W**2)


def _recurrences(half):
    """Derivatives of u^k w^l T over T, k and l symbols, are what the recurrences say."""
    k, power, r = sp.symbols("k l r", positive=True)
    at, monomial = {U: r / V, W: 1 / V}, U**k * W**power
    log_product = k * sp.log(r / V) - power * sp.log(V) + _gaussian(r, V)
    gaps = [
        -sp.diff(log_product, r) - sp.expand(_by_b(monomial) / monomial).subs(at),
        sp.diff(log_product, V) - sp.expand(_by_v(monomial, half) / monomial).subs(at),
    ]
    left = [sp.factor(gap) for gap in gaps]
    return left == [0, 0], f"differences {left}"[:80]


@functools.cache
def _derivative(r, a, n, q):
    """The derivative r times by the gate's slope, a by the expert's, n by b, q by v, over T; one after the other."""
    if q:
        return _by_v(_derivative(r, a, n, q - 1))
    if n:
        return _by_b(_derivative(r, a, n - 1, 0))
    if a:
        return sp.expand(_by_b(_derivative(r, a - 1, 0, 0)) * X[0])
    return (X[0] * T_INVERSE) ** r


def _mixed(formula):
    """Hold every mixed derivative, built up by recurrences, against the claim's formula."""
    counts = [c for c in itertools.product(range(ORDER + 1), repeat=4) if sum(c) <= ORDER]
    compiled = sp.lambdify([sp.Symbol(name, real=True) for name in ("M", "H", "q", "r", "tau")], formula, "sympy")
    wrong = 0
    for r, a, n, q in counts:
        claimed = compiled(X[0] ** (r + a), _derivative(0, 0, a + n + 2 * q, 0), sp.Integer(q), r, 1 / T_INVERSE)
        wrong += sp.expand(_derivative(r, a, n, q) - claimed) != 0
    return wrong == 0, f"{len(counts)} derivatives up to order {ORDER}, {wrong} differ"


def prove() -> Proof:
    """Return the proof of `moe.derivative_identities`."""
    bound = CLAIM.bound.expression
    steps = (
        Step(
            name="heat equation",
            evidence="identity",
            statement=r"$\partial^2 f/\partial b^2 = 2 \, \partial f/\partial v$; not for Student's t.",
            check=lambda: _heat(_gaussian),
            anti_test=lambda: _heat(_student),
        ),
        Step(
            name="in terms of the standard deviation",
            evidence="identity",
            statement=r"With $v = s^2$ it reads $\partial^2 f/\partial b^2 = \frac1s \, \partial f/\partial s$.",
            check=lambda: _deviation(1),
            anti_test=lambda: _deviation(2),
        ),
        Step(
            name="slopes of gate and expert",
            evidence="identity",
            statement=(
                r"$\partial_{\beta_{1u}} T = (x_u/\tau) \, T$, $\partial_{a_u} T = x_u \, \partial_b T$, hence "
                r"$\tau \, \partial_{\beta_{1u}} \partial_b T = \partial_{a_u} T$, with two covariates and any density "
                r"of the residual. Scores that are distances, $-\|x - \beta_1\|$, have other slopes."
            ),
            check=lambda: _slopes(_linear_score()),
            anti_test=lambda: _slopes(_distance_score()),
        ),
        Step(
            name="all mixed derivatives",
            evidence="identity",
            statement=(
                r"The claim's formula, one by one for all mixed derivatives to total order 4, as polynomials in "
                r"$(y - a^T x - b)/v$ and $1/v$."
            ),
            check=lambda: _mixed(bound),
            anti_test=lambda: _mixed(bound * sp.Rational(3, 2) ** sp.Symbol("q", real=True)),
        ),
        Step(
            name="those polynomials",
            evidence="identity",
            statement=(
                r"With $u = (y - a^T x - b)/v$ and $w = 1/v$ a derivative over $T$ is a polynomial $P$; by $b$ it "
                r"becomes $P u - P_u w$, by $v$ it becomes $\frac12 P (u^2 - w) - P_u u w - P_w w^2$: for "
                r"$P = u^k w^l$ with symbols $k$, $l$, hence for all."
            ),
            check=lambda: _recurrences(HALF),
            anti_test=lambda: _recurrences(sp.Rational(1, 3)),
        ),
        Step(
            name="any order, any number of covariates",
            evidence="reduction",
            statement=(
                r"On $T$ the derivatives act as $x_u/\tau$, $x_u \partial_b$, $\partial_b$ and $\frac12 \partial_b^2$, "
                r"which commute: the exponents add up to the claim's formula."
            ),
        ),
    )
    return Proof(claim=CLAIM.id, steps=steps, hypotheses=HYPOTHESES)
