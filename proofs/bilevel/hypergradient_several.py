r"""Any derivative of the path will do: with $\nabla_y f = H v$ the part of $y'$ that is not determined drops out."""

import sympy as sp

from sparsetheory.verify import Proof, Step, find

CLAIM = find("bilevel.hypergradient_several")
HYPOTHESES = (
    r"a differentiable path $y(x)$ in $S(x)$: $\nabla_y g(x, y(x)) = 0$ can be differentiated",
    r"$\nabla_y f = H v$ for some $v$: optimality of $y$ within $S(x)$, a manifold with tangent space $\ker H$",
)
N, M = 2, 3


def _symmetric(name, m):
    return sp.Matrix(m, m, lambda i, j: sp.Symbol(f"{name}_{min(i, j)}{max(i, j)}"))


def _chain(sign):
    """With H Y = -G' for the derivative Y of the path, Y' grad_y f is -G v."""
    H, v = _symmetric("H", M), sp.Matrix(sp.symbols("v_1:4"))
    Y = sp.Matrix(M, N, sp.symbols("Y_1:7"))
    G = -(H * Y).T
    gap = (Y.T * (H * v) - sign * (-G * v)).applyfunc(sp.expand)
    return gap == sp.zeros(N, 1), f"difference {list(gap)}"[:80]


def _pseudo_inverse(regular):
    """For H = B D B' of rank 2 and G' = -H Y: G H^+ H v = G v; the inverse of H + I in its place would not do."""
    B = sp.Matrix([[1, 0], [sp.Symbol("p"), 1], [sp.Symbol("q"), sp.Symbol("r")]])
    D = sp.diag(*sp.symbols("lambda_1:3", positive=True))
    H, gram = B * D * B.T, (B.T * B).inv()
    plus = B * gram * D.inv() * gram * B.T
    if regular:
        plus = (H + sp.eye(M)).inv()
    v, Y = sp.Matrix(sp.symbols("v_1:4")), sp.Matrix(M, 1, sp.symbols("Y_1:4"))
    gap = sp.cancel(((Y.T * H) * (plus * (H * v) - v))[0])
    return gap == 0 and H.rank() == 2, "difference 0" if gap == 0 else "difference not 0"


def _member(offset):
    """Solve f = (y_1 - 1)^2 / 2 + (y_2 - y_1 - x)^2 / 2, g = (y_1 - x)^2 / 2 at y_2 = y_1 + x + offset."""
    x, y1, y2 = sp.symbols("x y_1 y_2", real=True)
    f, g = (y1 - 1) ** 2 / 2 + (y2 - y1 - x) ** 2 / 2, (y1 - x) ** 2 / 2
    at = {y1: x, y2: 2 * x + offset}
    H = sp.hessian(g, (y1, y2))
    G = sp.Matrix([[sp.diff(g, x, y1), sp.diff(g, x, y2)]])
    slope = sp.Matrix([sp.diff(f, y1), sp.diff(f, y2)]).subs(at)
    formula = sp.expand(sp.diff(f, x).subs(at) - (G * H.pinv() * slope)[0])
    psi = (x - 1) ** 2 / 2
    return sp.expand(formula - sp.diff(psi, x)) == 0, f"formula {formula}, derivative of psi {sp.diff(psi, x)}"


def _quotient(bound):
    """Central differences of a quadratic are exact."""
    a, b, c, x, h, up, down = sp.symbols("a b c x h up down", real=True)
    psi = a * x**2 + b * x + c
    value = bound.subs({up: psi.subs(x, x + h), down: psi.subs(x, x - h)})
    return sp.simplify(value - sp.diff(psi, x)) == 0, f"quotient {sp.simplify(value)}"


def prove() -> Proof:
    """Return the proof of `bilevel.hypergradient_several`."""
    bound = CLAIM.bound.expression
    steps = (
        Step(
            name="along the path",
            evidence="reduction",
            statement=(
                r"$\psi = f(x, y(x))$ near $x$, so $\nabla \psi = \nabla_x f + {y'}^T \nabla_y f$; from "
                r"$\nabla_y g = 0$ along the path, $H y' = -G^T$: the columns of $G^T$ lie in the range of $H$."
            ),
        ),
        Step(
            name="what is not determined drops out",
            evidence="identity",
            statement=r"For every $y'$ with $H y' = -G^T$: ${y'}^T H v = -G v$.",
            check=lambda: _chain(1),
            anti_test=lambda: _chain(-1),
        ),
        Step(
            name="pseudo-inverse",
            evidence="identity",
            statement=r"$G H^+ (H v) = G v$ for $H$ of rank 2 in three variables, $G^T$ in its range.",
            check=lambda: _pseudo_inverse(False),
            anti_test=lambda: _pseudo_inverse(True),
        ),
        Step(
            name="another member",
            evidence="identity",
            statement=(
                r"$f = \frac12 (y_1 - 1)^2 + \frac12 (y_2 - y_1 - x)^2$, $g = \frac12 (y_1 - x)^2$: the formula is "
                r"$\psi' = x - 1$ at $y_2 = 2 x$; at $y_2 = 2 x + 1$ it is $x - 3$."
            ),
            check=lambda: _member(0),
            anti_test=lambda: _member(1),
        ),
        Step(
            name="the difference quotient",
            evidence="identity",
            statement=r"Where $\psi$ is quadratic, $(\psi(x + h) - \psi(x - h))/(2 h) = \psi'(x)$ for every $h$.",
            check=lambda: _quotient(bound),
            anti_test=lambda: _quotient(bound * sp.Rational(1001, 1000)),
        ),
    )
    return Proof(claim=CLAIM.id, steps=steps, hypotheses=HYPOTHESES)
