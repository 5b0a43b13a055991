r"""The inexact descent lemma with steps and errors that fall together, and the optimum of the exponents."""

import sympy as sp

from sparsetheory.bilevel.exponent_balance import double_loop, single_loop
from sparsetheory.verify import Proof, Step, find

CLAIM = find("bilevel.tied_step_calls")
HYPOTHESES = (
    r"$\nabla \psi$ Lipschitz, $\psi$ bounded below",
    r"$|d_k - \nabla \psi(x_k)| \leq C \sigma_k + \theta |\nabla \psi(x_k)|$, $\theta < 1$",
    r"$\sigma_k$ and $a_k$ in proportion to $\epsilon$, or to $k^{-1/3}$",
)


def _fixed(power):
    """The bound of bilevel.two_time_scale_calls with a = b e is a constant times e^-3, beside its first evaluation."""
    other = find("bilevel.two_time_scale_calls").bound.expression
    a, e, T, D, theta = (sp.Symbol(name, real=True) for name in ("a", "e", "T", "D", "theta"))
    b = sp.Symbol("b", positive=True)
    leading = sp.limit(((other - 3 * (T + 2)).subs(a, b * e) * e**power).subs({T: 3, D: 1, theta: 0}), e, 0, "+")
    claimed = sp.simplify(CLAIM.bound.expression * e**power)
    return leading.is_finite and not leading.is_zero and claimed == 1, f"limit {leading}"


def _sums(power):
    r"""Sums of k^-q grow like K^(1-q)/(1-q): that of the steps with q = 1/3, that of their errors with q = 1."""
    K, k = sp.symbols("K k", positive=True)
    steps = sp.integrate(k ** -sp.Rational(power, 3), (k, 1, K))
    errors = sp.integrate(k ** -sp.Integer(power), (k, 1, K))  # a sigma^2 = k^(-1/3 - 2/3)
    ratio = sp.limit(steps / K ** sp.Rational(2, 3), K, sp.oo)
    return ratio == sp.Rational(3, 2) and sp.simplify(errors - sp.log(K)) == 0, f"steps {steps}, errors {errors}"


def _young(weight):
    """(s + t)^2 <= (1 + w) s^2 + (1 + 1/w) t^2: the difference is a square."""
    s, t, w = sp.symbols("s t w", positive=True)
    gap = sp.simplify((1 + w) * s**2 + (1 + 1 / w) * t**2 - (s + t) ** 2 - w * (s - weight * t / w) ** 2)
    return gap == 0, f"difference {gap}"


def prove() -> Proof:
    """Return the proof of `bilevel.tied_step_calls`."""
    fixed, falling = double_loop(noise="none", uniform=False), single_loop(noise="none", momentum=False)
    steps = (
        Step(
            name="fixed",
            evidence="identity",
            statement=(
                r"The bound of bilevel.two_time_scale_calls with $a = b \epsilon$ is a constant times "
                r"$\epsilon^{-3}$."
            ),
            check=lambda: _fixed(3),
            anti_test=lambda: _fixed(2),
        ),
        Step(
            name="errors of both kinds",
            evidence="identity",
            statement=(
                r"$(C \sigma + \theta |u|)^2 \leq (1 + w) \theta^2 |u|^2 + (1 + 1/w) C^2 \sigma^2$: the difference is "
                r"a square. With $(1 + w) \theta^2 < 1$ the first part is taken up by the descent."
            ),
            check=lambda: _young(1),
            anti_test=lambda: _young(2),
        ),
        Step(
            name="falling",
            evidence="reduction",
            statement=(
                r"By the descent lemma, $a_k L \leq 1$: $\frac{1}{2} \sum_{k \leq K} a_k (1 - (1 + w) \theta^2) "
                r"|\nabla \psi(x_k)|^2 \leq \Delta + \frac{1}{2} \sum_{k \leq K} a_k (1 + 1/w) C^2 \sigma_k^2$."
            ),
        ),
        Step(
            name="sums",
            evidence="identity",
            statement=(
                r"With $a_k, \sigma_k \propto k^{-1/3}$ the sum of steps grows like $\frac32 K^{2/3}$, that of "
                r"$a_k \sigma_k^2$ like $\log K$: $\min_k |\nabla \psi|^2 = O(K^{-2/3} \log K)$, which is "
                r"$\epsilon^2$ at $K = \epsilon^{-3}$ up to logarithms."
            ),
            check=lambda: _sums(1),
            anti_test=lambda: _sums(2),
        ),
        Step(
            name="exponents",
            evidence="exact certificate",
            statement=(
                r"With $a \leq \sigma \leq \epsilon$ and $a K \epsilon^2 \geq 1$ no exponents cost less than 3, nor "
                r"with one lower step beside each upper one, $a \leq \gamma \sigma$: multipliers of both programmes."
            ),
            check=lambda: (fixed.certifies(3)[0] and falling.certifies(3)[0], fixed.certifies(3)[1]),
            anti_test=lambda: double_loop(noise="none", uniform=True).certifies(3),
        ),
    )
    return Proof(claim=CLAIM.id, steps=steps, hypotheses=HYPOTHESES)
