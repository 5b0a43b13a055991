r"""Descent, tracking of the lower points, and three sums of powers of $k$ that a logarithm bounds."""

from fractions import Fraction

import sympy as sp

from sparsetheory.bilevel.exponent_balance import COST, single_loop
from sparsetheory.bilevel.fully_first_order import F2SA
from sparsetheory.verify import Proof, Step, find

CLAIM = find("bilevel.f2sa_both_noisy")
HYPOTHESES = (
    r"$\psi_\sigma$ is $L$-smooth uniformly in $\sigma = 1/\lambda$, and $|\nabla \psi_\sigma - \nabla \psi| \leq C "
    r"\sigma$ (`bilevel.gradient_closeness`)",
    r"$\frac{f}{\lambda_1} + g$ and $g$ are $\mu$-strongly convex and $\ell$-smooth in $y$, $\gamma_1 \ell \leq 1$",
    r"lower solutions are Lipschitz with Lipschitz derivatives in $x$; the ratio $\xi$ of upper and "
    r"lower steps is small",
)
SCHEDULE = tuple(Fraction(power).limit_denominator(50) for power in F2SA.SCHEDULES[2])
BALANCE = single_loop(noise="both", momentum=False)
U, D, T, V, W = sp.symbols("u d t v w", real=True)
GAMMA, MU, ELL = sp.symbols("gamma mu ell", positive=True)


def _descent(half):
    gap = sp.expand(-V * W - half * ((W - V) ** 2 - V**2 - W**2))
    return gap == 0, f"remainder {gap}"


def _contraction(slope):
    """|u - gamma s|^2 with s^2 <= ell <s, u>: what is left of gamma <s, u> after `slope` of it is spent."""
    rest = 2 * GAMMA - GAMMA**2 * ELL - slope * GAMMA
    worst = sp.simplify(rest.subs(GAMMA, 1 / ELL))
    inside = sp.simplify(sp.diff(rest, ELL)) == -(GAMMA**2)  # falls in ell: worst at gamma ell = 1
    return bool(worst >= 0) and inside, f"left {worst} at gamma ell = 1"


def _target(weight):
    """(1 + t^2) u^2 + (1 + 1/t^2) d^2 - (u + d)^2 is a square, with t^2 = gamma mu / 2."""
    gap = sp.simplify((1 + T**2) * U**2 + (1 + weight / T**2) * D**2 - (U + D) ** 2 - (T * U - D / T) ** 2)
    return gap == 0, f"remainder {gap}"


def sums(a, c):
    """Exponents of 1/k in the three sums, with lambda = k^(a - c)."""
    return {"bias": a + 2 * (a - c), "lower noise": 2 * c - (a - c), "upper noise": 2 * c}


def _sums(a, c):
    found = sums(a, c)
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
    used = ", ".join(f"{name} {weight}" for name, weight in best.multipliers.items() if weight)
    same = (share["step"], share["inner"], share["sigma"]) == (scale * a, scale * c, scale * (a - c))
    return BALANCE.check(best) and best.exponents[COST] == 7 and same, f"epsilon^-{best.cost}, multipliers: {used}"


def prove() -> Proof:
    """Return the proof of `bilevel.f2sa_both_noisy`."""
    steps = (
        Step(
            name="descent",
            evidence="identity",
            statement=(
                r"$-\langle v, w \rangle = \frac12 (|w - v|^2 - |v|^2 - |w|^2)$, coordinate by coordinate: with "
                r"$v = \nabla \psi_\sigma$ and $w$ the mean direction, $E \psi_\sigma$ falls by $\frac{\alpha}{2} "
                r"E|v|^2$ less $\frac{\alpha}{2} E|w - v|^2$ and $\frac{L}{2} \alpha^2 \lambda^2$ times the variance."
            ),
            check=lambda: _descent(sp.Rational(1, 2)),
            anti_test=lambda: _descent(sp.Rational(1, 3)),
        ),
        Step(
            name="lower steps contract",
            evidence="identity",
            statement=(
                r"$|u - \gamma s|^2 \leq |u|^2 - (2 \gamma - \gamma^2 \ell) \langle s, u \rangle$ for $|s|^2 \leq \ell "
                r"\langle s, u \rangle$, and $2 \gamma - \gamma^2 \ell \geq \gamma$ for $\gamma \ell \leq 1$: a factor "
                r"$1 - \gamma \mu$, plus $\gamma^2$ times the variance."
            ),
            check=lambda: _contraction(1),
            anti_test=lambda: _contraction(sp.Rational(3, 2)),
        ),
        Step(
            name="targets move",
            evidence="identity",
            statement=(
                r"$(u + d)^2 \leq (1 + t^2) u^2 + (1 + t^{-2}) d^2$, the difference being $(t u - d/t)^2$; with "
                r"$t^2 = \gamma \mu/2$ the mean motion $d = O(\xi \alpha |w|)$ of a lower solution costs "
                r"$O(\xi^2 \alpha^2/\gamma) |w|^2$. Its noise, of variance $O(\alpha^2 \lambda^2) = O(\gamma^2)$, is "
                r"uncorrelated to first order and adds to that of the lower steps."
            ),
            check=lambda: _target(1),
            anti_test=lambda: _target(sp.Rational(9, 10)),
        ),
        Step(
            name="sum over the run",
            evidence="reduction",
            statement=(
                r"$|w - \nabla \psi_\sigma|^2 = O(\lambda^2) (|y - y_\sigma|^2 + |z - z^*|^2)$. The tracking errors "
                r"times $\lambda_k$, summed: $\sum \alpha_k \lambda_k^2 E|u_k|^2 \leq C (1 + \sum \lambda_k \gamma_k^2 "
                r"+ \xi^2 \sum \alpha_k E|w_k|^2)$, since $\lambda \gamma = 2 \alpha \lambda^2$, "
                r"$\lambda \alpha^2/\gamma = \alpha/2$, and $\lambda$ and $y_\sigma$ change by a share $O(1/k)$ "
                r"a step, "
                r"less than $\gamma$. "
                r"For small $\xi$ the last sum is absorbed by the descent: $\sum \alpha_k E|\nabla \psi|^2 \leq C (1 + "
                r"\sum \lambda_k \gamma_k^2 + \sum \alpha_k^2 \lambda_k^2 + \sum \alpha_k/\lambda_k^2)$. That "
                r"$\psi_\sigma$ grows as $\sigma$ falls adds $O(\sigma_1)$ in all."
            ),
        ),
        Step(
            name="three sums",
            evidence="identity",
            statement=(
                r"With the exponents of the library, $\alpha_k/\lambda_k^2$ and $\lambda_k \gamma_k^2$ are "
                r"$k^{-1}$, and "
                r"$\alpha_k^2 \lambda_k^2$, of the order of $\gamma_k^2$, is $k^{-8/7}$: at most $1 + \log K$ each, up "
                r"to constants. The schedule of noise in f alone fails."
            ),
            check=lambda: _sums(*SCHEDULE),
            anti_test=lambda: _sums(Fraction(3, 5), Fraction(2, 5)),
        ),
        Step(
            name="weights",
            evidence="identity",
            statement=r"$\sum_{k \leq K} \alpha_k \geq K \alpha_K$: the mean is $O(K^{a - 1} (1 + \log K))$.",
            check=lambda: _rate(SCHEDULE[0]),
            anti_test=lambda: _rate(Fraction(3, 5)),
        ),
        Step(
            name="no other powers",
            evidence="exact certificate",
            statement=(
                r"As a linear programme over exponents of $\epsilon$ the least cost of this bound is $\epsilon^{-7}$, "
                r"with multipliers in fractions, and its schedule is that of the library."
            ),
            check=lambda: _balance(1),
            anti_test=lambda: _balance(Fraction(6, 7)),
        ),
    )
    return Proof(claim=CLAIM.id, steps=steps, hypotheses=HYPOTHESES)
