"""Proof of family.slug: one eigenvalue at a time, and the extreme ones are the slowest.

Run it with ``sparsetheory prove FOLDER``. A step is a named check in exact arithmetic (sympy, rationals, balls of
python-flint) and an anti-test: the same check of a slightly wrong statement, which has to come out False, so that a
check that cannot fail is found out.
"""

from pathlib import Path

import sympy as sp

from sparsetheory.verify import Proof, Step, find

CLAIM = find("family.slug", folder=Path(__file__).parent.parent)
MU, L, LAM = sp.symbols("mu L lambda", positive=True)


def _slowest(numerator):
    """(L - mu)^2 - (L + mu - numerator*lambda)^2 is 4 (L - lambda)(lambda - mu), so not negative between mu and L."""
    gap = sp.expand((L - MU) ** 2 - (L + MU - numerator * LAM) ** 2 - 4 * (L - LAM) * (LAM - MU))
    return gap == 0, f"difference {gap}"


def _formula(expression):
    """Whether the claim's formula is the k-th power of the slowest factor, (L - mu)/(L + mu)."""
    c, k = sp.Symbol("c", real=True), sp.Symbol("k", real=True)
    base, exponent = expression.subs(c, L / MU).as_base_exp()
    gap = sp.simplify(base - (L - MU) / (L + MU))
    return gap == 0 and exponent == k, f"base off by {gap}, exponent {exponent}"


def prove() -> Proof:
    """Return the proof; ``sparsetheory`` runs its steps."""
    bound = CLAIM.bound.expression  # the formula of the record, in sympy
    c = sp.Symbol("c", real=True)
    steps = (
        Step(
            name="one eigenvalue at a time",
            evidence="reduction",  # an argument in words: no check, and reviewed by people
            statement=(
                r"$x_{k+1} - x^* = (I - \frac{2}{\mu + L} A)(x_k - x^*)$; along an eigenvector of $A$ the error is "
                r"multiplied by $1 - 2 \lambda/(\mu + L)$, and eigenvectors are orthogonal."
            ),
        ),
        Step(
            name="the slowest factor",
            evidence="identity",
            statement=(
                r"$(L - \mu)^2 - (L + \mu - 2 \lambda)^2 = 4 (L - \lambda)(\lambda - \mu) \geq 0$ on $[\mu, L]$, with "
                r"equality at both ends: every factor is at most $(L - \mu)/(L + \mu)$, and this one is attained."
            ),
            check=lambda: _slowest(2),
            anti_test=lambda: _slowest(sp.Rational(201, 100)),
        ),
        Step(
            name="the claim's formula",
            evidence="identity",
            statement=r"With $c = L/\mu$ the bound is the $k$-th power of that factor.",
            check=lambda: _formula(bound),
            anti_test=lambda: _formula(bound.subs(c, c + 1)),
        ),
    )
    return Proof(
        claim=CLAIM.id,
        steps=steps,
        hypotheses=(r"$A$ symmetric: orthogonal eigenvectors", r"$L > \mu$: the factor is not zero"),
    )
