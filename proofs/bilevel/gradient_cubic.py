r"""The path of the cubic is a root of a quadratic; the error is a rational function of its discriminant."""

import sympy as sp

from sparsetheory.verify import Proof, Step, find

CLAIM = find("bilevel.gradient_cubic")
HYPOTHESES = (
    r"$a, k, \mu > 0$: $y_\sigma \geq 0$, where the curvature of $g$ is $\mu$ at least",
    r"$\sigma$ small against $\mu^2/(a k)$, for the leading term",
)
S, A, K, MU = sp.symbols("s a k mu", positive=True)


def _path(sign):
    """Solve mu y + k y^2 / 2 = s a which has one positive root."""
    r = sp.sqrt(1 + 2 * A * K * S / MU**2)
    y = MU / K * (sign * r - 1)
    gap = sp.simplify(MU * y + K * y**2 / 2 - S * A)
    positive = bool(y.subs({S: 1, A: 1, K: 1, MU: 1}) > 0)
    return gap == 0 and positive, f"remainder {gap}, at one {y.subs({S: 1, A: 1, K: 1, MU: 1})}"


def _difference(sign):
    """-y_s / s + a / mu, with d/dx of -a z(x) at 0 for the gradient of psi, in terms of r."""
    r, x = sp.Symbol("r", positive=True), sp.Symbol("x", nonnegative=True)
    z = MU / K * (sp.sqrt(1 + 2 * K * x / MU**2) - 1)  # mu z + k z^2 / 2 = x
    exact = sp.simplify(sp.diff(-A * z, x).subs(x, 0))
    s = (r**2 - 1) * MU**2 / (2 * A * K)
    penalised = -(MU / K * (r - 1)) / s
    gap = sp.simplify(penalised - exact - A / MU * (r - sign) / (r + 1))
    return gap == 0, f"psi' = {exact}, difference {gap}"


def _leading(bound, power):
    """The first term in s."""
    r = sp.sqrt(1 + 2 * A * K * S / MU**2)
    term = sp.series(A / MU * (r - 1) / (r + 1), S, 0, 2).removeO().coeff(S, 1) * S * MU**power
    claimed = bound.subs({sp.Symbol(str(v), real=True): v for v in (S, A, K, MU)})
    return sp.simplify(term - claimed) == 0, f"leading term {sp.simplify(term)}"


def _quadratic(third):
    """With k = 0 and f = -a y + b y^2 / 2 the error is a s b / (mu (mu + s b)): its power of mu is 2."""
    b = sp.Symbol("b", positive=True)
    y = sp.solve(sp.Eq(MU * sp.Symbol("y") + S * (-A + b * sp.Symbol("y")), 0), sp.Symbol("y"))[0]
    error = sp.simplify(-y / S + A / MU)
    power = sp.limit(error / S, S, 0) * MU ** (3 if third else 2)
    return sp.diff(sp.simplify(power), MU) == 0, f"error {error}"


def prove() -> Proof:
    """Return the proof of `bilevel.gradient_cubic`."""
    bound = CLAIM.bound.expression
    steps = (
        Step(
            name="the path",
            evidence="identity",
            statement=(
                r"$y_\sigma = \frac{\mu}{k} (r - 1)$, $r = \sqrt{1 + 2 a k \sigma/\mu^2}$, solves $\mu y + \frac12 k "
                r"y^2 = \sigma a$."
            ),
            check=lambda: _path(1),
            anti_test=lambda: _path(-1),
        ),
        Step(
            name="the error",
            evidence="identity",
            statement=(
                r"$\psi_\sigma'(0) = -y_\sigma/\sigma$ and $\psi'(0) = -a/\mu$ differ by $\frac{a}{\mu} "
                r"\frac{r - 1}{r + 1}$."
            ),
            check=lambda: _difference(1),
            anti_test=lambda: _difference(-1),
        ),
        Step(
            name="leading term",
            evidence="identity",
            statement=r"$\frac{a}{\mu} \frac{r - 1}{r + 1} = \sigma a^2 k/(2 \mu^3) + O(\sigma^2)$",
            check=lambda: _leading(bound, 0),
            anti_test=lambda: _leading(bound, 1),
        ),
        Step(
            name="quadratic lower levels",
            evidence="identity",
            statement=r"With $k = 0$ and $f = -a y + \frac12 b y^2$ the error is $\sigma a b/(\mu (\mu + \sigma b))$.",
            check=lambda: _quadratic(False),
            anti_test=lambda: _quadratic(True),
        ),
    )
    return Proof(claim=CLAIM.id, steps=steps, hypotheses=HYPOTHESES)
