r"""The sums of the double loop, with an upper step that need not fall."""

from fractions import Fraction

import sympy as sp

from sparsetheory.bilevel.exponent_balance import double_loop
from sparsetheory.verify import Proof, Step, find

CLAIM = find("bilevel.double_loop_constant")
HYPOTHESES = (
    r"those of the proof of `bilevel.f2sa_both_noisy`",
    r"lower points start near their targets: the upper steps do not outrun them",
)
#: Powers of 1/k of sigma and of the upper step; T and M grow like sigma^-4.
SIGMA, STEP = Fraction(1, 2), Fraction(0)
BALANCE = double_loop(noise="both", uniform=True)


def _sums(s, a, t):
    """Exponents of 1/k, with T = M = k^t; the variance of the direction comes with the upper step once more."""
    found = {"bias": a + 2 * s, "lower points": a - 2 * s + t, "variance": 2 * a - 2 * s + t}
    return min(found.values()) >= 1, ", ".join(f"{name} k^-({power})" for name, power in found.items())


def _rate(s, a):
    """K steps take K^(1 + 4 s) samples, and K^(a - 1) is what of a power of N?"""
    power = (a - 1) / (1 + 4 * s)
    N = sp.Symbol("N", real=True)
    claimed = N ** sp.Rational(power.numerator, power.denominator) * (1 + sp.log(N))
    return sp.simplify(CLAIM.bound.expression - claimed) == 0, f"exponent {power}"


def _balance(cost):
    best = BALANCE.solve()
    s, a = (best.exponents[v] / best.exponents["rounds"] for v in ("sigma", "step"))
    return BALANCE.check(best) and best.cost == cost and (s, a) == (SIGMA, STEP), f"epsilon^-{best.cost}, {s}, {a}"


def prove() -> Proof:
    """Return the proof of `bilevel.double_loop_constant`."""
    steps = (
        Step(
            name="sum over the run",
            evidence="reduction",
            statement=(
                r"The bound of the proof of `bilevel.double_loop_samples` holds for a constant $\alpha$ below "
                r"$1/L$, $L$ "
                r"the Lipschitz constant of $\nabla \psi_\sigma$ for every $\sigma$: $\alpha \sum E|\nabla "
                r"\psi|^2 \leq "
                r"C (1 + \sum \sigma_k^2 + \sum \frac{1}{\sigma_k^2 T_k} + \sum \frac{1}{\sigma_k^2 M_k})$."
            ),
        ),
        Step(
            name="sums",
            evidence="identity",
            statement=r"With $T_k = M_k = k^{2}$ all are $k^{-1}$ or smaller; with constant $T$ and $M$ they are not.",
            check=lambda: _sums(SIGMA, STEP, 4 * SIGMA),
            anti_test=lambda: _sums(SIGMA, STEP, Fraction(0)),
        ),
        Step(
            name="samples",
            evidence="identity",
            statement=(
                r"$K$ steps take $O(K^{3})$ samples, and the mean is $O(K^{a - 1} \log K)$ with $\alpha_k = "
                r"k^{-a}$."
            ),
            check=lambda: _rate(SIGMA, STEP),
            anti_test=lambda: _rate(SIGMA, STEP + Fraction(1, 10)),
        ),
        Step(
            name="no other powers",
            evidence="exact certificate",
            statement=(
                r"As a linear programme over exponents of $\epsilon$ the least cost of this bound is "
                r"$\epsilon^{-6}$, and its schedule is that of the study."
            ),
            check=lambda: _balance(6),
            anti_test=lambda: _balance(6 - 1),
        ),
    )
    return Proof(claim=CLAIM.id, steps=steps, hypotheses=HYPOTHESES)
