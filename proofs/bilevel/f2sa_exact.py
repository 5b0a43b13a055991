r"""The argument for noise in both levels, where only the bias is left to sum."""

from fractions import Fraction

import sympy as sp

from sparsetheory.bilevel.exponent_balance import COST, single_loop
from sparsetheory.bilevel.fully_first_order import F2SA
from sparsetheory.verify import Proof, Step, find

CLAIM = find("bilevel.f2sa_exact")
HYPOTHESES = (r"those of the proof of `bilevel.f2sa_both_noisy`", r"exact gradients")
SCHEDULE = tuple(Fraction(power).limit_denominator(50) for power in F2SA.SCHEDULES[0])
BALANCE = single_loop(noise="none", momentum=False)


def _sums(a, c):
    """Exponents of 1/k in the sums, with lambda = k^(a - c)."""
    found = {"bias": a + 2 * (a - c)}
    text = ", ".join(f"{name} k^-({power})" for name, power in found.items())
    return min(found.values()) >= 1, text


def _rate(a):
    """Return whether K^(a - 1) (1 + log K) is the bound."""
    K = sp.Symbol("K", real=True)
    claimed = K ** (sp.Rational(a.numerator, a.denominator) - 1) * (1 + sp.log(K))
    return sp.simplify(CLAIM.bound.expression - claimed) == 0, f"exponent {a - 1}"


def _balance(scale):
    """Exponents of epsilon over the cost are exponents of 1/k."""
    best = BALANCE.solve()
    share = {v: e / best.cost for v, e in best.exponents.items()}
    a, c = SCHEDULE
    same = (share["step"], share["sigma"]) == (scale * a, scale * (a - c))
    return BALANCE.check(best) and best.exponents[COST] == 3 and same, f"epsilon^-{best.cost}"


def prove() -> Proof:
    """Return the proof of `bilevel.f2sa_exact`."""
    steps = (
        Step(
            name="sum over the run",
            evidence="reduction",
            statement=(
                r"Descent and tracking are those of the proof of `bilevel.f2sa_both_noisy`, without noise: "
                r"$\sum \alpha_k |\nabla \psi|^2 \leq C (1 + \sum \alpha_k/\lambda_k^2)$."
            ),
        ),
        Step(
            name="sums",
            evidence="identity",
            statement=(
                r"With the exponents of the library $\alpha_k/\lambda_k^2 = k^{-1}$; with a constant multiplier "
                r"it is $k^{-1/3}$."
            ),
            check=lambda: _sums(*SCHEDULE),
            anti_test=lambda: _sums(Fraction(1, 3), Fraction(1, 3)),
        ),
        Step(
            name="weights",
            evidence="identity",
            statement=r"$\sum_{k \leq K} \alpha_k \geq K \alpha_K$: the mean is $O(K^{a - 1} (1 + \log K))$.",
            check=lambda: _rate(SCHEDULE[0]),
            anti_test=lambda: _rate(Fraction(5, 7)),
        ),
        Step(
            name="no other powers",
            evidence="exact certificate",
            statement=(
                r"As a linear programme over exponents of $\epsilon$ the least cost of this bound is "
                r"$\epsilon^{-3}$, and its schedule is that of the library."
            ),
            check=lambda: _balance(1),
            anti_test=lambda: _balance(Fraction(6, 7)),
        ),
    )
    return Proof(claim=CLAIM.id, steps=steps, hypotheses=HYPOTHESES)
