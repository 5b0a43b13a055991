r"""Expand grad_x g and grad_y g at z to second order; what is left is one identity and its norms.

With $d = y_\sigma - z$, $H = \nabla^2_{yy} g(z)$, $G = \nabla^2_{xy} g(z)$ and remainders $p = \nabla_x f(y_\sigma) -
\nabla_x f(z)$, $q = \nabla_y f(y_\sigma) - \nabla_y f(z)$, $P = \nabla_x g(y_\sigma) - \nabla_x g(z) - G d$,
$Q = \nabla_y g(y_\sigma) - H d$.
"""

import sympy as sp

from sparsetheory.verify import Proof, Step, find

CLAIM = find("bilevel.gradient_closeness")
HYPOTHESES = (
    r"$z$, $y_\sigma$ interior: $\nabla_y g(z) = 0$ and $\sigma \nabla_y f(y_\sigma) + \nabla_y g(y_\sigma) = 0$",
    r"Lipschitz second derivatives: $|P| \leq c_x d^2/2$, $|Q| \leq c_y d^2/2$",
    r"$\mu$-strong convexity on the segment: $|H^{-1}| \leq 1/\mu$, $\mu |d| \leq |\nabla_y g(y_\sigma)|$",
)
N, M = 1, 2
S, MU, L = (sp.Symbol(name, positive=True) for name in ("s", "mu", "l"))


def _identity(factor):
    """The difference of the gradients is p + P/s - G H^-1 (q + Q/s), by the two stationarity conditions."""
    H = sp.Matrix(M, M, lambda i, j: sp.Symbol(f"H_{min(i, j)}{max(i, j)}"))
    G = sp.Matrix(N, M, lambda i, j: sp.Symbol(f"G_{i}{j}"))
    d, q, Q = (sp.Matrix(sp.symbols(f"{name}_1:{M + 1}")) for name in ("d", "q", "Q"))
    p, P, f_x = (sp.Matrix(sp.symbols(f"{name}_1:{N + 1}")) for name in ("p", "P", "f"))
    f_y = -(H * d + Q) / S - q  # grad_y f at z, by stationarity at y_sigma
    penalised = f_x + p + (G * d + P) / S
    exact = f_x - G * H.LUsolve(f_y)
    claimed = p + P / S - factor * G * H.LUsolve(q + Q / S)
    gap = (penalised - exact - claimed).applyfunc(sp.cancel)
    return gap == sp.zeros(N, 1), f"difference {list(gap)}"[:80]


def _norms(bound, half):
    """Put the norms of the remainders and |d| <= s l / mu together."""
    a_x, a_y, b, c_x, c_y = sp.symbols("a_x a_y b c_x c_y", real=True)
    d = S * L / MU
    total = a_x * d + half * c_x * d**2 / S + b / MU * (a_y * d + half * c_y * d**2 / S)
    gap = sp.expand(total - bound.subs({sp.Symbol(str(v), real=True): v for v in (S, MU, L)}))
    return gap == 0, f"difference {gap}"


def _remainder(half):
    """The remainder of t^3 c / 6, whose second derivative has Lipschitz constant c, is half c d^2 in the gradient."""
    t, c, d = sp.symbols("t c d", positive=True)
    gradient = sp.diff(c * t**3 / 6, t)
    remainder = sp.integrate(c * t, (t, 0, d))  # of the Hessian from 0 to d: the worst that Lipschitz allows
    gap = sp.simplify(remainder - half * c * d**2) == 0 and sp.simplify(gradient.subs(t, d) - half * c * d**2) == 0
    return gap, f"remainder {remainder}"


def _attained(bound, weight):
    """The scalar problem with all constants: error over sigma in the limit of small sigma."""
    a, k, b, e, m = sp.symbols("a k b e m", positive=True)
    y1, y2 = sp.symbols("y_1 y_2", real=True)
    y = S * y1 + S**2 * y2
    stationary = sp.expand(S * (-a + b * y) + MU * y + k * y**2 / 2)
    first = sp.solve(stationary.coeff(S, 1), y1)[0]
    second = sp.solve(stationary.coeff(S, 2).subs(y1, first), y2)[0]
    path = S * first + S**2 * second
    error = sp.expand(e * path + weight * m * path**2 / (2 * S) - path / S + a / MU)
    leading = error.coeff(S, 1)
    names = {"a_x": e, "a_y": b, "b": 1, "c_x": m, "c_y": k, "l": a, "s": S, "mu": MU}
    claimed = bound.subs({sp.Symbol(name, real=True): value for name, value in names.items()}) / S
    gap = sp.simplify(leading - claimed)
    return gap == 0 and error.coeff(S, 0) == 0, f"leading term {sp.factor(leading)}"[:80]


def prove() -> Proof:
    """Return the proof of `bilevel.gradient_closeness`."""
    bound = CLAIM.bound.expression
    steps = (
        Step(
            name="one identity",
            evidence="identity",
            statement=(
                r"$\nabla \psi_\sigma - \nabla \psi = p + \frac{P}{\sigma} - G H^{-1} \left( q + \frac{Q}{\sigma} "
                r"\right)$ (one variable above and two below; the formula is the same for any number)."
            ),
            check=lambda: _identity(1),
            anti_test=lambda: _identity(-1),
        ),
        Step(
            name="remainders",
            evidence="identity",
            statement=r"$|P| \leq \int_0^d c_x t \, dt = c_x d^2/2$ and $|Q| \leq c_y d^2/2$, attained by cubics.",
            check=lambda: _remainder(sp.Rational(1, 2)),
            anti_test=lambda: _remainder(sp.Rational(1, 3)),
        ),
        Step(
            name="the way",
            evidence="reduction",
            statement=(
                r"$\mu |d| \leq |\nabla_y g(y_\sigma) - \nabla_y g(z)| = \sigma |\nabla_y f(y_\sigma)| = \sigma \ell$."
            ),
        ),
        Step(
            name="norms",
            evidence="identity",
            statement=(
                r"$a_x d + \frac{c_x d^2}{2 \sigma} + \frac{b}{\mu} \left( a_y d + \frac{c_y d^2}{2 \sigma} \right)$ "
                r"at $d = \sigma \ell/\mu$ is the bound."
            ),
            check=lambda: _norms(bound, sp.Rational(1, 2)),
            anti_test=lambda: _norms(bound, sp.Rational(1, 4)),
        ),
        Step(
            name="attained",
            evidence="identity",
            statement=(
                r"$f = -a y + \frac12 b y^2 + e x y$, $g = \frac12 (\mu + m x) y^2 + \frac16 k y^3 - x y$ at $x = 0$: "
                r"the error over $\sigma$ tends to the bound over $\sigma$."
            ),
            check=lambda: _attained(bound, 1),
            anti_test=lambda: _attained(bound, 2),
        ),
    )
    return Proof(claim=CLAIM.id, steps=steps, hypotheses=HYPOTHESES)
