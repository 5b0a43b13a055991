r"""Off kinks the active coordinates stay where they are; the others obey the system of their own block."""

import sympy as sp

from sparsetheory.verify import Proof, Step, find

CLAIM = find("bilevel.hypergradient_box")
HYPOTHESES = (
    r"strict complementarity: by continuity the same bounds are active near $x$",
    r"$H$ positive definite: the block $H_{FF}$ is invertible",
)
FREE, ALL = 2, 3  # two free coordinates and an active one


def _hessian():
    return sp.Matrix(ALL, ALL, lambda i, j: sp.Symbol(f"H_{min(i, j)}{max(i, j)}"))


def _path(size):
    """Solve the stationarity of the first `size` coordinates and put it into the free ones with the others at rest."""
    H, G = _hessian(), sp.Matrix(1, ALL, sp.symbols("G_1:4"))
    slope = sp.Matrix(sp.symbols("f_1:4"))
    moved = -H[:size, :size].LUsolve(G[:, :size].T)
    rate = sp.Matrix([moved[0], moved[1], 0])
    still = (H * rate + G.T)[:FREE, :].applyfunc(sp.cancel)
    chain = sp.cancel((slope.T * rate)[0] + (G[:, :FREE] * H[:FREE, :FREE].LUsolve(slope[:FREE, :]))[0])
    return still == sp.zeros(FREE, 1) and chain == 0, f"stationarity {list(still)}"[:80]


def _multipliers(active):
    """The y-block of the inverse of the KKT matrix is the inverse of H_FF, bordered by zeros."""
    H, E = _hessian(), sp.zeros(1, ALL)
    E[0, active] = 1
    whole = sp.Matrix(sp.BlockMatrix([[sp.zeros(1), E], [E.T, H]])).inv()[1:, 1:]
    bordered = sp.diag(H[:FREE, :FREE].inv(), 0)
    gap = (whole - bordered).applyfunc(sp.cancel)
    return gap == sp.zeros(ALL), "equal" if gap == sp.zeros(ALL) else "not equal"


def _quotient(bound):
    """Central differences of a quadratic are exact."""
    a, b, c, x, h, up, down = sp.symbols("a b c x h up down", real=True)
    psi = a * x**2 + b * x + c
    value = bound.subs({up: psi.subs(x, x + h), down: psi.subs(x, x - h)})
    return sp.simplify(value - sp.diff(psi, x)) == 0, f"quotient {sp.simplify(value)}"


def prove() -> Proof:
    """Return the proof of `bilevel.hypergradient_box`."""
    bound = CLAIM.bound.expression
    steps = (
        Step(
            name="the active set stays",
            evidence="reduction",
            statement=(
                r"$z(x)$ is continuous. An active bound with $\nabla_y g \neq 0$ stays active, a coordinate between "
                r"its bounds stays there: near $x$, $z_A$ is constant and $\nabla_{y_F} g(x, z) = 0$."
            ),
        ),
        Step(
            name="the free coordinates",
            evidence="identity",
            statement=(
                r"$z_F' = -H_{FF}^{-1} G_F^T$, $z_A' = 0$ keep the free coordinates stationary, and "
                r"${z'}^T \nabla_y f = -G_F H_{FF}^{-1} \nabla_{y_F} f$ (two free, one active)."
            ),
            check=lambda: _path(FREE),
            anti_test=lambda: _path(ALL),
        ),
        Step(
            name="the matrix with multipliers",
            evidence="identity",
            statement=(
                r"The $y$ block of the inverse of $[[0, E], [E^T, H]]$, $E$ the active coordinates, is $H_{FF}^{-1}$ "
                r"bordered by zeros."
            ),
            check=lambda: _multipliers(ALL - 1),
            anti_test=lambda: _multipliers(0),
        ),
        Step(
            name="the difference quotient",
            evidence="identity",
            statement=r"On a piece $\psi$ is quadratic where the levels are: central differences are exact.",
            check=lambda: _quotient(bound),
            anti_test=lambda: _quotient(bound * sp.Rational(1001, 1000)),
        ),
    )
    return Proof(claim=CLAIM.id, steps=steps, hypotheses=HYPOTHESES)
