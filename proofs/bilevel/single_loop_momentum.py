r"""Recursive momentum: the error of the estimates follows their motion, and the sums of powers of $k$."""

from fractions import Fraction

import sympy as sp

from sparsetheory.bilevel.exponent_balance import COST, single_loop
from sparsetheory.verify import Proof, Step, find

CLAIM = find("bilevel.single_loop_momentum")
HYPOTHESES = (
    r"those of the proof of `bilevel.f2sa_both_noisy`",
    r"mean-squared smoothness: the noise of one sample at two points differs by $\ell |w - w'|$ in mean square",
)
#: Of sigma, the lower step, the share that is dropped, the upper step: the default of the library.
SCHEDULE = tuple(Fraction(n, 5) for n in (1, 2, 4, 3))
BALANCE = single_loop(noise="both", momentum=True)
ETA, S = sp.symbols("eta s", positive=True)


def _recursion(keep):
    """With v = G(w) + (1 - eta)(v' - G(w')): the error of v, in those of v', of the sample at w, and of the pair."""
    v, F, F1, n, n1 = sp.symbols("v F F_1 n n_1", real=True)  # n, n1: noise of the sample at the new and the old point
    new = (F + n) + (1 - ETA) * (v - (F1 + n1))
    gap = sp.expand(new - F - ((1 - ETA) * (v - F1) + ETA * n + keep * (n - n1)))
    return gap == 0, f"remainder {gap}"


def _square(factor):
    a, b = sp.symbols("a b", real=True)
    gap = sp.expand(factor * ETA**2 * a**2 + 2 * (1 - ETA) ** 2 * b**2 - (ETA * a + (1 - ETA) * b) ** 2)
    left = sp.expand(gap - (ETA * a - (1 - ETA) * b) ** 2)
    return left == 0, f"remainder {left}"


def _independent(share):
    """The stationary variance of u = (1 - eta) u' + n - (1 - eta) n' with independent n, n', over 1 / (2 eta)."""
    u = (1 + (1 - ETA) ** 2) / (1 - (1 - ETA) ** 2)
    excess = sp.cancel(u - share / (2 * ETA))
    least = sp.Poly(sp.numer(excess), ETA)
    at = [sp.simplify(excess.subs(ETA, value)) for value in (sp.Rational(1, 100), sp.Rational(1, 2), 1)]
    return least.count_roots(0, 1) == 0 and all(value > 0 for value in at), f"excess {sp.factor(excess)}"


def _sums(s, g, h, a):
    """Exponents of 1/k, of the bias and of the noise; momentum follows the motion where gamma^2 <= eta."""
    found = {"bias": a + 2 * s, "noise of the estimates": g + h - s, "motion": 1 + 2 * g - h, "tracking": 1 + a - s - g}
    return min(found.values()) >= 1, ", ".join(f"{name} {power}" for name, power in found.items())


def _rate(a):
    K = sp.Symbol("K", real=True)
    claimed = K ** (sp.Rational(a.numerator, a.denominator) - 1) * (1 + sp.log(K))
    return sp.simplify(CLAIM.bound.expression - claimed) == 0, f"exponent {a - 1}"


def _balance(scale):
    best = BALANCE.solve()
    share = tuple(best.exponents[v] / best.cost for v in ("sigma", "inner", "forget", "step"))
    same = share == tuple(scale * power for power in SCHEDULE)
    shown = ", ".join(map(str, share))
    return BALANCE.check(best) and best.exponents[COST] == 5 and same, f"epsilon^-{best.cost}, {shown}"


def prove() -> Proof:
    """Return the proof of `bilevel.single_loop_momentum`."""
    steps = (
        Step(
            name="error of an estimate",
            evidence="identity",
            statement=(
                r"With noise $n$, $n'$ of one sample at the new and the old point, $v - F = (1 - \eta)(v' - F') + "
                r"\eta n + (1 - \eta)(n - n')$: the first is of the past, the others have mean zero."
            ),
            check=lambda: _recursion(1 - ETA),
            anti_test=lambda: _recursion(1),
        ),
        Step(
            name="its variance",
            evidence="identity",
            statement=(
                r"$(\eta a + (1 - \eta) b)^2 \leq 2 \eta^2 a^2 + 2 (1 - \eta)^2 b^2$, the difference being "
                r"$(\eta a - (1 - \eta) b)^2$: $E|v - F|^2 \leq (1 - \eta)^2 E|v' - F'|^2 + 2 \eta^2 \sigma_0^2 + "
                r"2 \ell^2 E|w - w'|^2$ with $\sigma_0^2$ the variance of a sample."
            ),
            check=lambda: _square(2),
            anti_test=lambda: _square(1),
        ),
        Step(
            name="independent samples",
            evidence="exact certificate",
            statement=(
                r"With independent $n$, $n'$ the stationary variance is $(1 + (1 - \eta)^2)/(1 - (1 - \eta)^2) > "
                r"1/(2 \eta)$ on $(0, 1]$, in units of $\sigma_0^2$ (count of real roots)."
            ),
            check=lambda: _independent(1),
            anti_test=lambda: _independent(3),
        ),
        Step(
            name="sum over the run",
            evidence="reduction",
            statement=(
                r"Descent and tracking are those of the proof of `bilevel.f2sa_both_noisy`, with errors $e$ of the "
                r"estimates in place of fresh noise: $\sum \frac{\gamma}{\sigma} E|u|^2 \leq C (1 + \sum "
                r"\frac{\gamma}{\sigma} E|e|^2 + \xi^2 \sum \alpha E|v_x|^2)$. The errors times "
                r"$\gamma_k/(\sigma_k \eta_k)$, summed: $\sum \frac{\gamma}{\sigma} E|e|^2 \leq C (1 + \sum "
                r"\frac{\gamma \eta}{\sigma} + \sum \frac{\gamma}{\sigma \eta} E|w - w'|^2)$, and $|w - w'|^2 = "
                r"O(\gamma^2)(|u|^2 + |e|^2) + O(\alpha^2)|v_x|^2$ is absorbed where $\gamma^2 \leq c \, \eta$. The "
                r"weights grow by a share $O(1/k)$ a step, less than $\eta$. Left are "
                r"$\sum \alpha_k E|\nabla \psi|^2 \leq C (1 + \sum \alpha_k \sigma_k^2 + \sum "
                r"\gamma_k \eta_k/\sigma_k)$."
            ),
        ),
        Step(
            name="sums",
            evidence="identity",
            statement=(
                r"With the exponents of the library $\alpha_k \sigma_k^2$ and $\gamma_k \eta_k/\sigma_k$ are $k^{-1}$, "
                r"$\gamma_k^2 = O(\eta_k)$ and $\alpha_k = O(\sigma_k \gamma_k)$. With the steps of F2SA for "
                r"noise in both levels, "
                r"$(1/7, 4/7, 0, 5/7)$, they are not: without momentum."
            ),
            check=lambda: _sums(*SCHEDULE),
            anti_test=lambda: _sums(Fraction(1, 7), Fraction(4, 7), Fraction(0), Fraction(5, 7)),
        ),
        Step(
            name="weights",
            evidence="identity",
            statement=r"$\sum_{k \leq K} \alpha_k \geq K \alpha_K$: the mean is $O(K^{a - 1} (1 + \log K))$.",
            check=lambda: _rate(SCHEDULE[3]),
            anti_test=lambda: _rate(Fraction(5, 7)),
        ),
        Step(
            name="no other powers",
            evidence="exact certificate",
            statement=(
                r"As a linear programme over exponents of $\epsilon$ the least cost of this bound is $\epsilon^{-5}$, "
                r"and its schedule is that of the library."
            ),
            check=lambda: _balance(1),
            anti_test=lambda: _balance(Fraction(4, 5)),
        ),
    )
    return Proof(claim=CLAIM.id, steps=steps, hypotheses=HYPOTHESES)
