"""A cap of the sphere and the rest of it: two likelihoods, in the ratio that is claimed, and the mean of a cap."""

from itertools import product

import sympy as sp

from sparsetheory.ldp import PrivUnit
from sparsetheory.verify import Proof, Step, find
from sparsetheory.verify.certify.private_tilt import drawn_step, equality_step, scale_step

CLAIM = find("ldp.privunit_privacy")
HYPOTHESES = (r"directions are exactly uniform: the base law is the same for every input",)
LEVELS, DIMS = (0.05, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0), (1, 2, 8, 64, 528)
BALLS = tuple(PrivUnit(d, eps) for d, eps in product(DIMS, LEVELS))
T, U = sp.symbols("t u", real=True)
A = sp.Symbol("a", positive=True)


def _cap(power):
    """The antiderivative of t (1 - t^2)^(a - 1) and its value at the end, t = 1."""
    found = -((1 - T**2) ** (A * power)) / (2 * A)
    return sp.simplify(sp.diff(found, T) - T * (1 - T**2) ** (A - 1)) == 0 and found.subs(T, 1).subs(A, 2) == 0


def _normaliser(constant):
    """(1 - t^2)^(a - 1) dt at t = 2u - 1 is 2 * 4^(a - 1) (u (1 - u))^(a - 1) du."""
    same = sp.expand(1 - (2 * U - 1) ** 2 - constant * U * (1 - U)) == 0
    return same and sp.simplify(2 * 4 ** (A - 1) - 2 ** (2 * A - 1)) == 0


def _scales():
    """The norm of a report against radius/m, with the Beta function from gamma functions of balls."""
    from flint import arb, fmpq

    for ball in BALLS:
        a, tilt = arb(fmpq(ball.dim, 2)), ball.tilt
        beta = a.gamma() ** 2 / (2 * a).gamma()
        cap = (1 - arb(tilt.level) ** 2) ** a / (arb(2) ** (2 * a) * a * beta)
        yield ball.norm, arb(ball.radius) / (cap * (arb(tilt.above) - arb(tilt.below)))


def prove() -> Proof:
    """Return the proof of `ldp.privunit_privacy`."""
    steps = (
        Step(
            name="two likelihoods",
            evidence="reduction",
            statement=(
                r"A uniform point of the cap has density $1/(1-q)$ against the uniform law of the sphere, one of the "
                r"rest $1/q$. The component along $v$ has the law of the first coordinate, and given it the rest is "
                r"uniform on a sphere orthogonal to $v$: that is how a point of the cap is drawn."
            ),
        ),
        equality_step(CLAIM.bound.expression),
        Step(
            name="mean of a cap",
            evidence="identity",
            statement=(
                r"The first coordinate has density proportional to $(1 - t^2)^{a-1}$, and $\int_\gamma^1 t "
                r"(1-t^2)^{a-1} "
                r"dt = (1 - \gamma^2)^a/(2a)$."
            ),
            check=lambda: _cap(1),
            anti_test=lambda: _cap(2),
        ),
        Step(
            name="normaliser",
            evidence="identity",
            statement=r"$\int_{-1}^1 (1-t^2)^{a-1} dt = 2^{2a-1} B(a, a)$, by $t = 2u - 1$.",
            check=lambda: _normaliser(4),
            anti_test=lambda: _normaliser(2),
        ),
        Step(
            name="unbiased",
            evidence="reduction",
            statement=(
                r"The cap and the rest together have mean zero, so the mean along $v$ is the cap's first moment times "
                r"$p/(1-q) - (1-p)/q$: this is $m$. Orthogonal to $v$ the law is symmetric."
            ),
        ),
        drawn_step(BALLS),
        scale_step(_scales, r"The norm of reports is $r/m$ to $10^{-9}$, $m$ enclosed by balls.", tolerance=1e-9),
    )
    return Proof(claim=CLAIM.id, steps=steps, hypotheses=HYPOTHESES)
