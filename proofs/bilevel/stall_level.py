r"""On quadratics the lower points are $\sigma R v$ apart, $R = (H + \sigma F)^{-1}$: the rest is one identity.

$F = \nabla^2_{yy} f$, $E = \nabla^2_{xy} f$, $G = \nabla^2_{xy} g$, $v = \nabla_y f(x, z)$ at the lower solution $z$.
"""

import sympy as sp

from sparsetheory.verify import Proof, Step, find

CLAIM = find("bilevel.stall_level")
HYPOTHESES = (
    r"$f$, $g$ quadratic: their second derivatives are constant",
    r"$H$ and $H + \sigma F$ positive definite, no constraints: both lower points are stationary",
    r"for the leading term: $\nabla^2 \psi$ regular, so that the stall point tends to the stationary point of $\psi$",
)
S = sp.Symbol("s", positive=True)


def _words(names):
    return sp.symbols(names, commutative=False)


def _path(sign):
    """Gradient of sigma f + g at z + d, divided by what it says of d: sigma v + (H + sigma F) d = 0."""
    P, v = _words("P v")  # P = H + s F, by its inverse R
    d = sign * S * P**-1 * v
    gap = sp.expand(S * v + P * d)
    return gap == 0, f"remainder {gap}"


def _error(weight):
    """E d + G d/s + G H^-1 v with d = -s R v, and s F = P - H: of words that do not commute."""
    P, H, E, G, v = _words("P H E G v")
    R = P**-1
    found = (E + G / S) * (-S * R * v) + G * H**-1 * (P * R) * v  # P R is 1
    # the claim: -s (E - G H^-1 F) R v, with s F written as P - H
    claimed = -S * E * R * v + weight * G * H**-1 * (P - H) * R * v
    gap = sp.expand(found - claimed)
    return gap == 0, f"difference {gap}"


def _matrices(sign):
    """The same from two functions of one upper and two lower variables, psi and psi_sigma by substitution."""
    x, y1, y2 = sp.symbols("x y_1 y_2", real=True)
    f = x * (y1 + 2 * y2) + 3 * y1**2 / 2 - y1 * y2 + y2**2 / 4 + y1 - 2 * y2 + x**2
    g = 3 * y1**2 / 2 + 5 * y2**2 / 2 + y1 * y2 + x * (2 * y1 + y2)
    y = (y1, y2)

    def least(h):
        at = sp.solve([sp.diff(h, t) for t in y], y)
        return at, h.subs(at)

    z, low = least(g)
    _, both = least(S * f + g)
    H, F = sp.hessian(g, y), sp.hessian(f, y)
    E, G = (sp.Matrix([[sp.diff(h, x, t) for t in y]]) for h in (f, g))
    v = sp.Matrix([sp.diff(f, t) for t in y]).subs(z)
    error = sp.diff((both - low) / S - f.subs(z), x)
    claimed = -S * ((E - sign * G * H.inv() * F) * (H + S * F).inv() * v)[0]
    gap = sp.cancel(error - claimed)  # a rational function of s and x
    return gap == 0, f"difference {gap}"[:80]


def _leading(bound, power):
    """The scalar problem f = (x + y)^2/2 - b x + c y/2 over g = h (y - x)^2/2: the level over sigma as sigma -> 0."""
    x, y = sp.symbols("x y", real=True)
    b, c, h = sp.symbols("b c h", positive=True)
    f, g = (x + y) ** 2 / 2 - b * x + c * y / 2, h * (y - x) ** 2 / 2
    psi = f.subs(y, x)
    both = (S * f + g).subs(y, sp.solve(sp.diff(S * f + g, y), y)[0])
    stall = sp.solve(sp.diff(sp.simplify(both / S), x), x)[0]
    best = sp.solve(sp.diff(psi, x), x)[0]
    M = sp.diff(f, x, y) - sp.diff(g, x, y) / h * sp.diff(f, y, 2)
    constant = M / h * sp.diff(f, y).subs(y, x).subs(x, best)
    level = sp.diff(psi, x).subs(x, stall)
    named = {str(each): each for each in bound.free_symbols}
    claimed = bound.subs({named["s"]: S, named["c"]: constant})
    limit = sp.limit(sp.cancel(level / claimed * S ** (power - 1)), S, 0)
    return sp.simplify(limit - 1) == 0, f"limit {sp.simplify(limit)}"


def _no_bias(rank):
    """For f of y alone: grad psi = -G H^-1 v = 0 has v = 0 as its only solution if G has full column rank."""
    G = sp.Matrix([[1, 2], [0, 1], [3, 1]]) if rank == 2 else sp.Matrix([[1, 2], [2, 4], [3, 6]])
    H = sp.Matrix([[2, 1], [1, 3]])
    kernel = (G * H.inv()).nullspace()
    return kernel == [], f"kernel {kernel}"


def prove() -> Proof:
    """Return the proof of `bilevel.stall_level`."""
    bound = CLAIM.bound.expression
    steps = (
        Step(
            name="the lower points",
            evidence="identity",
            statement=r"$\sigma v + (H + \sigma F)(y_\sigma - z) = 0$ for $y_\sigma - z = -\sigma R v$.",
            check=lambda: _path(-1),
            anti_test=lambda: _path(1),
        ),
        Step(
            name="the error",
            evidence="identity",
            statement=(
                r"$\nabla \psi_\sigma - \nabla \psi = (E + G/\sigma)(y_\sigma - z) + G H^{-1} v = -\sigma E R v + G "
                r"H^{-1} (P - H) R v$ with $P = R^{-1}$, and $P - H = \sigma F$: it is $-\sigma M R v$ (words that do "
                r"not commute, any dimensions)."
            ),
            check=lambda: _error(1),
            anti_test=lambda: _error(-1),
        ),
        Step(
            name="from the functions themselves",
            evidence="identity",
            statement=(
                r"One upper and two lower variables, $f$ not convex: the derivative of $\psi_\sigma - \psi$, both by "
                r"substitution, is the formula, as rational functions of $x$ and $\sigma$."
            ),
            check=lambda: _matrices(1),
            anti_test=lambda: _matrices(-1),
        ),
        Step(
            name="at the stall",
            evidence="reduction",
            statement=(
                r"$\nabla \psi_\sigma(x) = 0$ leaves $\nabla \psi(x) = \sigma M R v$. Both gradients are affine in $x$ "
                r"and their matrices differ by $O(\sigma)$: with $\nabla^2 \psi$ regular the stall point is within "
                r"$O(\sigma)$ of the stationary point of $\psi$, and $R = H^{-1} + O(\sigma)$."
            ),
        ),
        Step(
            name="leading term",
            evidence="identity",
            statement=(
                r"$f = \frac12 (x + y)^2 - b x + \frac12 c y$, $g = \frac12 h (y - x)^2$: the level at the stall over "
                r"the formula tends to 1 as $\sigma \to 0$."
            ),
            check=lambda: _leading(bound, 1),
            anti_test=lambda: _leading(bound, 2),
        ),
        Step(
            name="where nothing is left",
            evidence="identity",
            statement=(
                r"For $f$ of $y$ alone $\nabla \psi = -G H^{-1} v$, which vanishes with $v$ alone where $G$ has full "
                r"column rank (an example with three upper variables)."
            ),
            check=lambda: _no_bias(2),
            anti_test=lambda: _no_bias(1),
        ),
    )
    return Proof(claim=CLAIM.id, steps=steps, hypotheses=HYPOTHESES)
