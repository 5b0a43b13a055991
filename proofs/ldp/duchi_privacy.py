"""A mixture of two half-spaces: likelihoods between two numbers, and the mean of a half-sphere."""

from itertools import product

import sympy as sp

from sparsetheory.ldp import DuchiBall
from sparsetheory.verify import Proof, Step, find
from sparsetheory.verify.certify.private_tilt import scale_step

CLAIM = find("ldp.duchi_privacy")
HYPOTHESES = (
    r"$\|v\| \leq r$: the sign's probability is one",
    r"directions are exactly uniform: both half-spheres have mass one half",
)
D, R, EPS = sp.symbols("d r epsilon", positive=True)
HEMISPHERE = sp.gamma(D / 2) / (sp.sqrt(sp.pi) * sp.gamma((D + 1) / 2))
NORM = R * sp.sqrt(sp.pi) * sp.gamma((D + 1) / 2) / sp.gamma(D / 2) * (sp.exp(EPS) + 1) / (sp.exp(EPS) - 1)


def _ratio(level):
    """e^level times one mixture less another is a product of nonnegative factors, for shares l, m in [0, 1]."""
    low, share, other = sp.symbols("low l m", nonnegative=True)
    high = sp.exp(EPS) * low
    rest = sp.exp(level) * (low + share * (high - low)) - (low + other * (high - low))
    product_form = low * (sp.exp(EPS) - 1) * (1 - other + sp.exp(EPS) * share)
    return sp.simplify(sp.expand(rest - product_form)) == 0


def _hemisphere(shift):
    """E|w_1| = 2/((d - 1) B(1/2, (d - 1)/2)), with the Beta function in gamma functions."""
    beta = sp.gamma(sp.Rational(1, 2)) * sp.gamma((D - 1) / 2) / sp.gamma(D / 2)
    found = 2 / ((D - 1 + shift) * beta)
    return sp.simplify(sp.gammasimp(found / HEMISPHERE) - 1) == 0


def _unbiased(norm):
    """Half-sphere mean, side kept with e^eps/(1 + e^eps), sign kept with 1/2 + |v|/(2 r)."""
    length = sp.Symbol("v", positive=True)
    side = (sp.exp(EPS) - 1) / (sp.exp(EPS) + 1)
    return sp.simplify(norm * HEMISPHERE * side * (length / R) / length - 1) == 0


def _scales():
    from flint import arb, fmpq

    for d, eps in product((1, 2, 3, 8, 64, 528), (0.05, 1.0, 4.0, 16.0)):
        ball = DuchiBall(d, eps, sensitivity=3.0)
        ratio = arb(fmpq(d + 1, 2)).gamma() / arb(fmpq(d, 2)).gamma()
        growth = arb(eps).exp()
        yield ball.norm, arb(ball.radius) * arb.pi().sqrt() * ratio * (growth + 1) / (growth - 1)


def prove() -> Proof:
    """Return the proof of `ldp.duchi_privacy`."""
    steps = (
        Step(
            name="two likelihoods and what lies between",
            evidence="reduction",
            statement=(
                r"Given the sign, the density against the uniform law is $h = 2 e^\varepsilon/(1+e^\varepsilon)$ on "
                r"one "
                r"half-sphere and $l = 2/(1+e^\varepsilon)$ on the other. The sign mixes these: $l + \lambda (h - l)$ "
                r"with $\lambda \in [0, 1]$, whatever the input and the report; at $\|v\| = r$ both ends occur."
            ),
        ),
        Step(
            name="ratio",
            evidence="exact certificate",
            statement=(
                r"$e^\varepsilon (l + \lambda (h-l)) - (l + \lambda' (h-l)) = l (e^\varepsilon - 1)(1 - \lambda' + "
                r"e^\varepsilon \lambda) \geq 0$."
            ),
            check=lambda: _ratio(CLAIM.bound.expression.subs(sp.Symbol("epsilon", real=True), EPS)),
            anti_test=lambda: _ratio(sp.Rational(99, 100) * EPS),
        ),
        Step(
            name="mean of a half-sphere",
            evidence="identity",
            statement=(
                r"The first coordinate has density $(1-t^2)^{(d-3)/2}/B(1/2, (d-1)/2)$, so that $E |w_1| = 2/((d-1) "
                r"B(1/2, (d-1)/2)) = \Gamma(d/2)/(\sqrt{\pi} \, \Gamma((d+1)/2))$."
            ),
            check=lambda: _hemisphere(0),
            anti_test=lambda: _hemisphere(1),
        ),
        Step(
            name="unbiased",
            evidence="identity",
            statement=r"$B \, E|w_1| \, \frac{e^\varepsilon - 1}{e^\varepsilon + 1} \, \frac{\|v\|}{r} = \|v\|$.",
            check=lambda: _unbiased(NORM),
            anti_test=lambda: _unbiased(sp.Rational(99, 100) * NORM),
        ),
        Step(
            name="second moments",
            evidence="reduction",
            statement=r"$w w^T$ does not see the reflection, so $E w w^T = I/d$ as for a uniform direction.",
        ),
        scale_step(_scales, r"The norm of reports is $B$ to $10^{-11}$, gamma functions enclosed by balls."),
    )
    return Proof(claim=CLAIM.id, steps=steps, hypotheses=HYPOTHESES)
