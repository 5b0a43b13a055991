"""Disproof of momentum.plain_rate: along the eigenvector of L the error outgrows every multiple of the rate."""

from pathlib import Path

import sympy as sp

from sparsetheory.verify import Proof, Step, find

CLAIM = find("momentum.plain_rate", folder=Path(__file__).parent.parent)


def _outgrown(expression, growth):
    """Whether (1 + growth*k) q^k, the error along the eigenvector of L, over the bound tends to infinity."""
    c, k = sp.Symbol("c", real=True), sp.Symbol("k", real=True)
    m, d, j = sp.symbols("m d j", positive=True)
    q = d / (2 * m + d)
    bound = expression.subs(c, (m + d) ** 2 / m**2)
    quotient = sp.simplify((1 + growth(q) * k) * q**k / bound).subs(k, j)
    limit = sp.limit(quotient, j, sp.oo)
    return limit == sp.oo, f"quotient {quotient}, limit {limit}"


def prove() -> Proof:
    """Return the disproof: what is proved is that the statement fails."""
    bound = CLAIM.bound.expression
    steps = (
        Step(
            name="the error along the eigenvector of L",
            evidence="reduction",
            statement=r"It is $(1 + (1 + q) k) q^k \|x_0 - x^*\|$: the last step of the proof of momentum.heavy_ball.",
        ),
        Step(
            name="outgrown",
            evidence="identity",
            statement=r"Over $q^k$ this is $1 + (1 + q) k$, which no constant bounds.",
            check=lambda: _outgrown(bound, lambda q: 1 + q),
            anti_test=lambda: _outgrown(bound, lambda q: 0),
        ),
    )
    return Proof(claim=CLAIM.id, steps=steps)
