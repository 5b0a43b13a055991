r"""Lower errors of 1/T, and the sums of powers of $k$ of the double loop."""

from fractions import Fraction

import sympy as sp

from sparsetheory.bilevel.exponent_balance import double_loop
from sparsetheory.verify import Proof, Step, find

CLAIM = find("bilevel.double_loop_samples")
HYPOTHESES = (
    r"those of the proof of `bilevel.f2sa_both_noisy`",
    r"lower points start near their targets: the upper steps do not outrun them",
)
#: Powers of 1/k of sigma and of the upper step; T and M grow like sigma^-4.
SIGMA, STEP = Fraction(1, 3), Fraction(1, 3)
BALANCE = double_loop(noise="both", uniform=False)


def _harmonic(extra):
    """C/m less 2C/m^2 plus C/m^2 is at most C/(m + 1): the induction for errors of steps that fall like 1/m."""
    m = sp.Symbol("m", positive=True)
    room = sp.factor(1 / (m + 1) - (1 / m - 2 / m**2 + (1 + extra) / m**2))
    return bool(sp.numer(sp.together(room)).is_positive), f"room {room}"


def _sums(s, a, t):
    """Exponents of 1/k, with T = M = k^t; the variance of the direction comes with a second upper step."""
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
    """Return the proof of `bilevel.double_loop_samples`."""
    steps = (
        Step(
            name="lower steps",
            evidence="identity",
            statement=(
                r"With steps $1/(\mu m)$ the squared error obeys $u_{m + 1} \leq (1 - 2/m) u_m + C/m^2$, and $u_m \leq "
                r"C/m$ goes on to hold: $\frac{1}{m + 1} - (\frac1m - \frac{2}{m^2} + \frac{1}{m^2}) > 0$. Hence "
                r"$E|w - y_\sigma|^2 = O(1/T)$."
            ),
            check=lambda: _harmonic(0),
            anti_test=lambda: _harmonic(1),
        ),
        Step(
            name="sum over the run",
            evidence="reduction",
            statement=(
                r"Descent as in the proof of `bilevel.f2sa_both_noisy`, with lower points of squared error $1/T$ and a "
                r"direction of variance $1/(\sigma^2 M)$: $\sum \alpha_k E|\nabla \psi|^2 \leq C (1 + \sum \alpha_k "
                r"\sigma_k^2 + \sum \frac{\alpha_k}{\sigma_k^2 T_k} + \sum \frac{\alpha_k^2}{\sigma_k^2 M_k})$. "
                r"The analysis takes $\alpha_k \leq \sigma_k$, as $\nabla \psi_\sigma$ is Lipschitz with $1/\sigma$ "
                r"without further assumptions; that is what makes the order $\epsilon^{-7}$."
            ),
        ),
        Step(
            name="sums",
            evidence="identity",
            statement=(
                r"With $T_k = M_k = k^{4/3}$ all are $k^{-1}$ or smaller; with constant $T$ and $M$ they are "
                r"not."
            ),
            check=lambda: _sums(SIGMA, STEP, 4 * SIGMA),
            anti_test=lambda: _sums(SIGMA, STEP, Fraction(0)),
        ),
        Step(
            name="samples",
            evidence="identity",
            statement=(
                r"$K$ steps take $O(K^{7/3})$ samples, and the mean is $O(K^{a - 1} \log K)$ with $\alpha_k = "
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
                r"$\epsilon^{-7}$, and its schedule is that of the study."
            ),
            check=lambda: _balance(7),
            anti_test=lambda: _balance(7 - 1),
        ),
    )
    return Proof(claim=CLAIM.id, steps=steps, hypotheses=HYPOTHESES)
