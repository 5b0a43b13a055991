r"""The error with n users, coordinate by coordinate, with what the inverse of a noisy matrix does to a vector."""

import sympy as sp

from sparsetheory.verify import Proof, Step, find
from sparsetheory.verify.certify.thresholding import (
    expansion_step,
    inverse_bias_step,
    noise_step,
    risk_step,
    zeros_step,
)

CLAIM = find("ldp.users_required")
HYPOTHESES = (
    r"$\Sigma = I$, nothing is clipped, sampling is left out",
    r"coefficients far above the threshold: their risk is $\lambda^2 + s_j^2$",
    r"noise in the Gram matrix below 0.3, $d$ large: the inverse is that of the semicircle law",
)
D, K, S, W, T, CUT, M, VAR = sp.symbols("d k s w T cut m v", positive=True)


def _sum(bound):
    """Coordinate by coordinate: bias and noise on the support, the risk at zero off it."""
    values = {"d": D, "k": K, "s": S, "w": W, "T": T, "cut": CUT, "m": M}
    theta = 1 / sp.sqrt(K)
    bias = M * theta - CUT - theta
    square = K * (bias**2 + W**2) + (D - K) * S**2 * T
    gap = sp.simplify(bound.subs({v: values[v.name] for v in bound.free_symbols}) ** 2 - square)
    return gap == 0, f"square of the bound less the sum: {gap}"


def _resolvent(factor):
    """M(z) = E 1/(z + x), semicircle law of variance v: M = 1/(z - v M) and M' = -E 1/(z + x)^2, both at z = 1."""
    z = sp.Symbol("z", positive=True)
    root = sp.sqrt(z**2 - 4 * VAR)
    first = 2 / (z + root)
    equation = sp.simplify(first * (z - VAR * first) - 1)
    second = sp.simplify(-sp.diff(first, z).subs(z, 1) - 2 / (root * (1 + root)).subs(z, 1))
    series = sp.series(first.subs(z, 1), VAR, 0, 4).removeO() - (1 + VAR + factor * VAR**2 + 5 * VAR**3)
    return equation == 0 and second == 0 and sp.expand(series) == 0, f"equation {equation}, series off by {series}"


def _on_support(double):
    """W^2 = s^2 + s_o^2 theta_j^2: the diagonal of the noise has twice the variance."""
    off, cross, t, rest = sp.symbols("s_o s_x theta_j rest", positive=True)
    on = cross**2 + off**2 * rest + double * off**2 * t**2
    gap = sp.expand(on - (cross**2 + off**2 * (rest + t**2)) - off**2 * t**2)
    return gap == 0, f"remainder {gap}"


def prove() -> Proof:
    """Return the proof of `ldp.users_required`."""
    bound = CLAIM.bound.expression
    steps = (
        expansion_step(),
        noise_step(),
        inverse_bias_step(),
        risk_step(),
        zeros_step(),
        Step(
            name="noise on the support",
            evidence="identity",
            statement=(
                r"$w^2 = s_x^2 + s_o^2 (\|\theta\|^2 - \theta_j^2) + 2 s_o^2 \theta_j^2 = s^2 + s_o^2 \theta_j^2$."
            ),
            check=lambda: _on_support(2),
            anti_test=lambda: _on_support(1),
        ),
        Step(
            name="mean of the inverse",
            evidence="identity",
            statement=(
                r"Where eigenvalues of $E$ have the semicircle law of variance $v = (d + 1) s_o^2$, $m = E (1 + "
                r"x)^{-1} = 2/(1 + \sqrt{1 - 4 v}) = 1 + v + 2 v^2 + 5 v^3 + \ldots$ solves $m (1 - v m) = 1$, and $E "
                r"(1 + x)^{-2} = 2/(r (1 + r))$ with $r = \sqrt{1 - 4 v}$, its derivative."
            ),
            check=lambda: _resolvent(2),
            anti_test=lambda: _resolvent(1),
        ),
        Step(
            name="what the inverse does to a coordinate",
            evidence="reduction",
            statement=(
                r"The law of $E$ does not change under rotations: $M \theta$ is $\theta$ times nearly $m$, and a rest "
                r"across it in a uniform direction, of squared norm $E (1 + x)^{-2} - m^2$; its share of a coordinate "
                r"is that over $v$ times $s_o^2$. $M e$ has variance $s_x^2 E (1 + x)^{-2}$ a coordinate. For large "
                r"$d$ coordinates of either are normal, and the semicircle law holds (Wigner)."
            ),
        ),
        Step(
            name="the claim's formula",
            evidence="identity",
            statement=(
                r"A coefficient $1/\sqrt k$ far above the threshold ends at $m/\sqrt k - \lambda$ plus noise, a zero "
                r"costs $s^2 T$: the sum over coordinates is the square of the bound."
            ),
            check=lambda: _sum(bound),
            anti_test=lambda: _sum(bound * sp.Rational(1001, 1000)),
        ),
    )
    return Proof(claim=CLAIM.id, steps=steps, hypotheses=HYPOTHESES)
