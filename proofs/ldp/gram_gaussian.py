r"""Noise of one report of a symmetric matrix, seen by the solution: the same in every coordinate, and thresholded."""

import sympy as sp

from sparsetheory.verify import Proof, Step, find
from sparsetheory.verify.certify.thresholding import (
    expansion_step,
    inverse_bias_step,
    noise_step,
    risk_step,
    zeros_step,
)

CLAIM = find("ldp.gram_gaussian")
HYPOTHESES = (
    r"nothing is clipped: moments of reports are moments of the data",
    r"$\Sigma = I$: the noise of a coordinate is the same for all of them",
    r"coefficients far above the threshold: the risk is at its limit $\lambda^2 + s^2$",
    r"noise in the Gram matrix below 0.3: terms of second order are left out",
)
R, TAU, C, N, A, K, D = sp.symbols("r tau c n a k d", positive=True)


def _sensitivity(factor):
    """|zz' - ww'|^2 = |z|^4 + |w|^4 - 2 <z, w>^2, with |z|, |w| <= R."""
    z, w = sp.Matrix(sp.symbols("z_1:4", real=True)), sp.Matrix(sp.symbols("w_1:4", real=True))
    difference = z * z.T - w * w.T
    gap = sp.expand(sum(v**2 for v in difference) - z.dot(z) ** 2 - w.dot(w) ** 2 + factor * z.dot(w) ** 2)
    return gap == 0, f"remainder {gap}"[:80]


def _variance(r=R):
    """s^2 with the noise of sensitivity sqrt2 (r^2 + c^2 tau^2), off the diagonal divided by sqrt2, |theta| = 1."""
    sigma = sp.sqrt(2) * (r**2 + C**2 * TAU**2) * A
    return (sigma**2 / 2 + sigma**2 / (2 * C**2)) / N


def _weight(double):
    """The derivative by u = c^2 vanishes exactly at the library's weight."""
    u = sp.Symbol("u", positive=True)
    slope = sp.diff(sp.log(_variance().subs(C, sp.sqrt(u))), u)
    root = 2 * R**2 / (TAU**2 + TAU * sp.sqrt(TAU**2 + 4 * double * R**2))
    gap = sp.simplify(sp.numer(sp.together(slope)).subs(u, root))
    return gap == 0, f"derivative at the root: {gap}"[:80]


def _formula(bound):
    values = {"a": A, "c": C, "tau": TAU, "d": D, "k": K, "n": N}
    square = bound.subs({s: values[s.name] for s in bound.free_symbols}) ** 2
    gap = sp.simplify(square / (_variance(sp.sqrt(D)) * K * (1 + 2 * sp.log(D))) - 1)
    return gap == 0, f"quotient less 1: {gap}"


def prove() -> Proof:
    """Return the proof of `ldp.gram_gaussian`."""
    bound = CLAIM.bound.expression
    steps = (
        Step(
            name="sensitivity of the report",
            evidence="identity",
            statement=(
                r"$\|zz^T - ww^T\|_F^2 = \|z\|^4 + \|w\|^4 - 2 \langle z, w \rangle^2 \leq 2 R^4$ with $\|z\|^2 \leq "
                r"R^2 = r^2 + c^2 \tau^2$: noise of $\sqrt2 R^2 a$ in the coordinates of svec is private."
            ),
            check=lambda: _sensitivity(2),
            anti_test=lambda: _sensitivity(1),
        ),
        Step(
            name="sums of reports",
            evidence="reduction",
            statement=(
                r"Noise of the mean is normal, independent over entries, of variance $\sigma^2/n$ on the diagonal, "
                r"$\sigma^2/(2n)$ off it and $\sigma^2/(2 c^2 n)$ in the cross moment, once the weights are undone. "
                r"Sampling adds $O(1/n)$ to each, without a factor of $d$: it is left out."
            ),
        ),
        Step(
            name="the best weight",
            evidence="identity",
            statement=(
                r"$(r^2 + c^2 \tau^2)^2 (1 + 1/c^2)$ is least at $c^2 = 2 r^2/(\tau^2 + \tau \sqrt{\tau^2 + 8 r^2})$."
            ),
            check=lambda: _weight(2),
            anti_test=lambda: _weight(1),
        ),
        expansion_step(),
        noise_step(),
        inverse_bias_step(),
        risk_step(),
        zeros_step(),
        Step(
            name="the claim's formula",
            evidence="identity",
            statement=r"$k (\lambda^2 + s^2) = k s^2 (1 + 2 \log d)$ at $r^2 = d$ is the square of the bound.",
            check=lambda: _formula(bound),
            anti_test=lambda: _formula(bound * sp.Rational(1001, 1000)),
        ),
    )
    return Proof(claim=CLAIM.id, steps=steps, hypotheses=HYPOTHESES)
