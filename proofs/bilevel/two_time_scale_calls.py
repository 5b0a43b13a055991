r"""The descent lemma for inexact directions, and what makes directions exact enough.

With $u = \nabla \psi(x_k)$: $\psi(x_k) - \psi(x_{k+1}) \geq a \langle u, d_k \rangle - \frac12 L a^2 |d_k|^2$.
"""

import sympy as sp

from sparsetheory.bilevel.exponent_balance import double_loop
from sparsetheory.verify import Proof, Step, find

CLAIM = find("bilevel.two_time_scale_calls")
HYPOTHESES = (
    r"$|\nabla \psi(x) - \nabla \psi(x')| \leq L |x - x'|$, $a L \leq 1$",
    r"$|d_k - \nabla \psi(x_k)| \leq \theta \epsilon$ with $\theta < 1$ while $|\nabla \psi(x_k)| > \epsilon$",
    r"for the order: $|\nabla \psi_\sigma - \nabla \psi| \leq C \sigma$ (bilevel.gradient_closeness)",
)
A, L, E, TH, T, D = (sp.Symbol(name, real=True) for name in ("a", "L", "e", "theta", "T", "D"))


def _lemma(weight):
    """Two coordinates; the formula is the same for any number."""
    u, d = sp.Matrix(sp.symbols("u_1 u_2", real=True)), sp.Matrix(sp.symbols("d_1 d_2", real=True))
    drop = A * u.dot(d) - L * A**2 / 2 * d.dot(d)
    claimed = A / 2 * (u.dot(u) - (d - u).dot(d - u)) + A / 2 * (1 - weight * A * L) * d.dot(d)
    gap = sp.expand(drop - claimed)
    return gap == 0, f"difference {gap}"[:80]


def _drop(size):
    """What the lemma says at least where |u| = size and |d| >= |u| - theta e."""
    return A / 2 * (size**2 - TH**2 * E**2 + (1 - A * L) * (size - TH * E) ** 2)


def _monotone(sign):
    """The least drop grows with the gradient: its derivative is a sum of non-negative terms."""
    size = sp.Symbol("r", real=True)
    claimed = A * (size + sign * (1 - A * L) * (size - TH * E))
    gap = sp.expand(sp.diff(_drop(size), size) - claimed)
    return gap == 0, f"difference {gap}"[:80]


def _count(bound, asked):
    """T + 1 slopes of g at z, of f and of g at y, and three for the direction, at one point more than steps."""
    steps = D / _drop(E)
    gap = sp.simplify(bound - (3 * (T + asked) + 3) * (1 + steps))
    return gap == 0, f"difference {gap}"[:80]


def _contraction(one):
    r"""With q = exp(-T/kappa), T = kappa log(1 + 1/r): q/(1 - q) = r."""
    r = sp.Symbol("r", positive=True)
    q = 1 / (one + 1 / r)
    gap = sp.simplify(q / (1 - q) - r)
    return gap == 0, f"difference {gap}"


def _recursion(shift):
    r"""The fixed point of delta -> q (delta + R) is q R/(1 - q)."""
    q, R = sp.symbols("q R", positive=True)
    delta = q * R / (1 - q)
    gap = sp.simplify(q * (delta + shift * R) - delta)
    return gap == 0, f"difference {gap}"


def prove() -> Proof:
    """Return the proof of `bilevel.two_time_scale_calls`."""
    bound, balance = CLAIM.bound.expression, double_loop(noise="none", uniform=True)
    steps = (
        Step(
            name="descent",
            evidence="identity",
            statement=(
                r"$a \langle u, d \rangle - \frac{L a^2}{2} |d|^2 = \frac{a}{2} (|u|^2 - |d - u|^2) + \frac{a}{2} "
                r"(1 - a L) |d|^2$."
            ),
            check=lambda: _lemma(1),
            anti_test=lambda: _lemma(2),
        ),
        Step(
            name="the least drop",
            evidence="identity",
            statement=(
                r"With $|d - u| \leq \theta \epsilon$ and $|d| \geq |u| - \theta \epsilon > 0$ the drop is at least "
                r"$\frac{a}{2} (|u|^2 - \theta^2 \epsilon^2 + (1 - a L) (|u| - \theta \epsilon)^2)$, whose derivative "
                r"$a (|u| + (1 - a L)(|u| - \theta \epsilon))$ is positive: it is least at $|u| = \epsilon$."
            ),
            check=lambda: _monotone(1),
            anti_test=lambda: _monotone(2),
        ),
        Step(
            name="all drops together",
            evidence="reduction",
            statement=(
                r"$N$ steps from points with $|\nabla \psi| > \epsilon$ lower $\psi$ by $N$ times that, and by "
                r"$\Delta$ at most. The direction is evaluated at $x_0, \dots, x_N$."
            ),
        ),
        Step(
            name="gradients of a step",
            evidence="identity",
            statement=(
                r"$T$ lower steps on both levels take $T + 1$ gradients of $f$ and $g$ at $y$ and of $g$ at $z$, the "
                r"direction three more: $3 (T + 2)$ for each of $N + 1$ points is the bound."
            ),
            check=lambda: _count(bound, 1),
            anti_test=lambda: _count(bound, 0),
        ),
        Step(
            name="errors of lower points",
            evidence="identity",
            statement=(
                r"Gradient steps contract by $1 - 1/\kappa$, $T$ of them by $q \leq e^{-T/\kappa}$; solutions move by "
                r"$R$ at most: $\delta_{k+1} \leq q (\delta_k + R)$ keeps $\delta \leq q R/(1 - q)$, the fixed point."
            ),
            check=lambda: _recursion(1),
            anti_test=lambda: _recursion(2),
        ),
        Step(
            name="lower steps",
            evidence="identity",
            statement=(
                r"$T = \kappa \log(1 + 1/r)$ makes $q/(1 - q) = r$. Both lower points off by $r R$ change the "
                r"direction by $2 c r R/\sigma$, half of $\theta \epsilon$ with $r = \sigma \theta \epsilon/(4 c R)$."
            ),
            check=lambda: _contraction(1),
            anti_test=lambda: _contraction(0),
        ),
        Step(
            name="sigma",
            evidence="reduction",
            statement=(
                r"$|\nabla \psi_\sigma - \nabla \psi| \leq C \sigma \leq \theta \epsilon/2$ is the other half, $C$ as "
                r"in bilevel.gradient_closeness. So $T = O(\log(1/\epsilon))$ and the total is "
                r"$O(\epsilon^{-2} \log(1/\epsilon))$."
            ),
        ),
        Step(
            name="exponents",
            evidence="exact certificate",
            statement=(
                r"Of all $\sigma = \epsilon^s$, upper steps $\epsilon^a$ and $\epsilon^{-K}$ rounds with "
                r"$\sigma \leq \epsilon$, $a K \epsilon^2 \geq 1$ none has a lower exponent than 2: multipliers of the "
                r"linear programme."
            ),
            check=lambda: balance.certifies(2),
            anti_test=lambda: double_loop(noise="none", uniform=False).certifies(2),
        ),
    )
    return Proof(claim=CLAIM.id, steps=steps, hypotheses=HYPOTHESES)
