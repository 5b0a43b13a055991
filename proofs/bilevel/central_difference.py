r"""On quadratics the path is a resolvent, $y_\sigma = z - \sigma (H + \sigma F)^{-1} v$ with $v = \nabla_y f(z)$.

With $K = H^{-1} F$, even powers of $\sigma K$ make up the error of the quotient and odd ones that of the mean.
"""

import sympy as sp

from sparsetheory.verify import Proof, Step, find

CLAIM = find("bilevel.central_difference")
HYPOTHESES = (
    r"$f$, $g$ quadratic with $\nabla^2_{yy} g = H \succeq \mu I$, $|\nabla^2_{yy} f| = |F| \leq a_y$",
    r"$\sigma a_y < \mu$: both resolvents are geometric series in $\sigma K$, $|K| \leq a_y/\mu$",
)
S, MU, L, AY = sp.symbols("s mu l a_y", positive=True)
M = 2


def _matrices():
    H = sp.diag(*sp.symbols("h_1:3", positive=True))  # in the basis of its eigenvectors
    F = sp.Matrix(M, M, lambda i, j: sp.Symbol(f"F_{min(i, j)}{max(i, j)}"))
    return H, F, sp.Matrix(sp.symbols(f"v_1:{M + 1}"))


def _path(sign):
    """Solve sigma (v + F d) + H d = 0: d = -sigma (H + sigma F)^-1 v."""
    H, F, v = _matrices()
    d = -S * (H + sign * S * F).LUsolve(v)
    gap = (S * (v + F * d) + H * d).applyfunc(sp.cancel)
    return gap == sp.zeros(M, 1), f"remainder {list(gap)}"[:80]


def _resolvents(power):
    """Multiplied by I - (sK)^2: half of the sum of resolvents is H^-1, half of the difference is s K H^-1."""
    H, F, _ = _matrices()
    inverse = H.inv()
    K = inverse * F
    up, down = (H + S * F).inv(), (H - S * F).inv()
    outer = sp.eye(M) - (S * K) ** power
    even = (outer * (up + down) / 2 - inverse).applyfunc(sp.cancel)
    odd = (outer * (down - up) / 2 - S * K * inverse).applyfunc(sp.cancel)
    ok = even == sp.zeros(M) and odd == sp.zeros(M)
    return ok, f"even {list(even)}, odd {list(odd)}"[:80]


def _norms(bound, scale):
    """Sum the norms: even terms from the second on for the quotient, odd ones for the mean of grad_x f."""
    a_x, b, q = sp.symbols("a_x b q", positive=True)
    # of sum over k = 2, 4, ... of (sK)^k H^-1 v, and of s times that over k = 1, 3, ...
    quotient, mean = q**2 / (1 - q**2) * L / MU, S * q / (1 - q**2) * L / MU
    partial = [(q ** (2 + j) / (1 - q**2)) - q ** (2 + j) - q ** (4 + j) / (1 - q**2) for j in (0, -1)]
    total = (scale * b * quotient + a_x * mean).subs(q, S * AY / MU)
    names = {"s": S, "mu": MU, "l": L, "a_y": AY, "a_x": a_x, "b": b}
    gap = sp.simplify(total - bound.subs({sp.Symbol(name, real=True): value for name, value in names.items()}))
    return gap == 0 and all(sp.simplify(p) == 0 for p in partial), f"difference {gap}"


def _attained(bound, sign):
    """Take f = -a y + b y^2 / 2 + e x y, g = mu y^2 / 2 - x y: both parts with one sign."""
    a, e = sp.symbols("a e", positive=True)
    up, down = (t * S * a / (MU + t * S * AY) for t in (1, -1))
    central = e * (up + down) / 2 - (up - down) / (2 * S)
    names = {"s": S, "mu": MU, "l": a, "a_y": AY, "a_x": e, "b": 1}
    claimed = bound.subs({sp.Symbol(name, real=True): value for name, value in names.items()})
    gap = sp.simplify(central + a / MU + sign * claimed)  # psi' = -a / mu
    return gap == 0, f"error {sp.factor(central + a / MU)}"


def prove() -> Proof:
    """Return the proof of `bilevel.central_difference`."""
    bound = CLAIM.bound.expression
    steps = (
        Step(
            name="the path",
            evidence="identity",
            statement=r"$\sigma (v + F d) + H d = 0$ for $d = -\sigma (H + \sigma F)^{-1} v$, $\sigma$ of either sign.",
            check=lambda: _path(1),
            anti_test=lambda: _path(-1),
        ),
        Step(
            name="the two parts of the error",
            evidence="reduction",
            statement=(
                r"With $R_\pm = (H \pm \sigma F)^{-1}$ the quotient of $\nabla_x g$ is $-G \, \frac{R_+ + R_-}{2} v$, "
                r"against $-G H^{-1} v$, and the mean of $\nabla_x f$ is off by $C \, \sigma \frac{R_- - R_+}{2} v$, "
                r"with $G$, $C$ the mixed derivatives."
            ),
        ),
        Step(
            name="resolvents",
            evidence="identity",
            statement=(
                r"$(I - (\sigma K)^2) \frac{R_+ + R_-}{2} = H^{-1}$ and $(I - (\sigma K)^2) \frac{R_- - R_+}{2} = "
                r"\sigma K H^{-1}$: series of even and of odd powers of $\sigma K$ (two variables; the algebra is that "
                r"of $(I \pm \sigma K)^{-1} H^{-1}$ in any number)."
            ),
            check=lambda: _resolvents(2),
            anti_test=lambda: _resolvents(1),
        ),
        Step(
            name="norms",
            evidence="identity",
            statement=(
                r"With $q = \sigma a_y/\mu$: $b \frac{\ell}{\mu} \frac{q^2}{1 - q^2} + a_x \frac{\sigma \ell}{\mu} "
                r"\frac{q}{1 - q^2}$ is the bound."
            ),
            check=lambda: _norms(bound, 1),
            anti_test=lambda: _norms(bound, sp.Rational(11, 10)),
        ),
        Step(
            name="attained",
            evidence="identity",
            statement=r"$f = -a y + \frac12 a_y y^2 + e x y$, $g = \frac12 \mu y^2 - x y$ have exactly this error.",
            check=lambda: _attained(bound, 1),
            anti_test=lambda: _attained(bound, -1),
        ),
    )
    return Proof(claim=CLAIM.id, steps=steps, hypotheses=HYPOTHESES)
