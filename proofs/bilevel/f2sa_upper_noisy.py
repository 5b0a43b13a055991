r"""The argument for noise in both levels, where exact gradients of g leave less to sum."""

from fractions import Fraction

import sympy as sp

from sparsetheory.bilevel.exponent_balance import COST, single_loop
from sparsetheory.bilevel.fully_first_order import F2SA
from sparsetheory.verify import Proof, Step, find

CLAIM = find("bilevel.f2sa_upper_noisy")
HYPOTHESES = (r"those of the proof of `bilevel.f2sa_both_noisy`", r"exact gradients of $g$")
SCHEDULE = tuple(Fraction(power).limit_denominator(50) for power in F2SA.SCHEDULES[1])
BALANCE = single_loop(noise="f", momentum=False)


def _sums(a, c):
    """Exponents of 1/k in the sums, with lambda = k^(a - c)."""
    found = {"bias": a + 2 * (a - c), "lower noise": 2 * a - (a - c), "upper noise": 2 * a}
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
    return BALANCE.check(best) and best.exponents[COST] == 5 and same, f"epsilon^-{best.cost}"


def prove() -> Proof:
    """Return the proof of `bilevel.f2sa_upper_noisy`."""
    steps = (
        Step(
            name="sum over the run",
            evidence="reduction",
            statement=(
                r"Descent and tracking are those of the proof of `bilevel.f2sa_both_noisy`. The noise that enters $y$, "
                r"and $x$, has the variance of $\alpha_k$ times that of $\nabla f$: $\sum \alpha_k E|\nabla \psi|^2 "
                r"\leq C (1 + \sum \lambda_k \alpha_k^2 + \sum \alpha_k^2 + \sum \alpha_k/\lambda_k^2)$."
            ),
        ),
        Step(
            name="sums",
            evidence="identity",
            statement=(
                r"With the exponents of the library all are $k^{-1}$ or smaller; with those of no noise they are "
                r"not."
            ),
            check=lambda: _sums(*SCHEDULE),
            anti_test=lambda: _sums(Fraction(1, 3), Fraction(0)),
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
                r"$\epsilon^{-5}$, and its schedule is that of the library."
            ),
            check=lambda: _balance(1),
            anti_test=lambda: _balance(Fraction(6, 7)),
        ),
    )
    return Proof(claim=CLAIM.id, steps=steps, hypotheses=HYPOTHESES)
